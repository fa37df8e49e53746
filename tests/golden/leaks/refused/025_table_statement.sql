-- `TABLE p` is a star too.
-- refused by: release_ceiling, lineage_unresolved
WITH p AS (SELECT village, phone FROM raw.health__patient)
SELECT village, phone FROM (TABLE p)

-- Counting whole rows counts their values.
-- refused by: release_ceiling, release_indirect, lineage_unresolved
SELECT count(DISTINCT q) AS n FROM (SELECT diagnosis, village FROM raw.health__patient) AS q

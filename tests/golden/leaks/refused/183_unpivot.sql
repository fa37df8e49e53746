-- UNPIVOT turns columns to rows.
-- refused by: release_ceiling, lineage_unresolved
SELECT value FROM (SELECT village, phone FROM raw.health__patient) UNPIVOT (value FOR kind IN (village, phone))

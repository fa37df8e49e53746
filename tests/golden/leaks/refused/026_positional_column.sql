-- A column by its number.
-- refused by: release_ceiling, lineage_unresolved
SELECT #2 AS village FROM raw.health__patient

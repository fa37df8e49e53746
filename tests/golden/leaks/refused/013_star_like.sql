-- A star filtered by a pattern.
-- refused by: release_ceiling, lineage_unresolved
SELECT * LIKE 'ph%' FROM raw.health__patient

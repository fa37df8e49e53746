-- COLUMNS with a lambda over the names.
-- refused by: release_ceiling, lineage_unresolved
SELECT COLUMNS(lambda c: c LIKE 'dia%') FROM raw.health__patient

-- COLUMNS with a list of names.
-- refused by: release_ceiling, lineage_unresolved
SELECT COLUMNS(['village', 'name']) FROM raw.health__patient

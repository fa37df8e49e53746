-- An aggregate over COLUMNS.
-- refused by: release_ceiling, lineage_unresolved
SELECT max(COLUMNS('^(phone|notes)$')) FROM raw.health__patient

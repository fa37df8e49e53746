-- COLUMNS with a regular expression.
-- refused by: release_ceiling, lineage_unresolved
SELECT COLUMNS('^(village|phone)$') FROM raw.health__patient

-- A star filtered by a regular expression.
-- refused by: release_ceiling, lineage_unresolved
SELECT * SIMILAR TO 'nat.*' FROM raw.health__patient

-- COLUMNS unpacked into the arguments of a function.
-- refused by: release_ceiling, lineage_unresolved
SELECT coalesce(*COLUMNS(['phone', 'village'])) AS village FROM raw.health__patient

-- The start value of a reduction.
-- refused by: release_ceiling, lineage_unresolved
SELECT list_reduce([village], lambda a, b: a || b, phone) AS x FROM raw.health__patient

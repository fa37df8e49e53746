-- Added to a public struct later.
-- refused by: release_ceiling, lineage_unresolved
SELECT struct_insert({'a': village}, b := phone).b AS x FROM raw.health__patient

-- The smallest row, and a field of it.
-- refused by: release_ceiling, lineage_unresolved
SELECT max(p).phone AS x FROM raw.health__patient AS p

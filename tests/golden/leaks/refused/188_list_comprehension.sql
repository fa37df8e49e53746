-- A list comprehension.
-- refused by: release_ceiling, lineage_unresolved
SELECT [x || '/' || phone FOR x IN [village]] AS x FROM raw.health__patient

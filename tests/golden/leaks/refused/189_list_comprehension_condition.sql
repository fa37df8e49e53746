-- The condition of a list comprehension.
-- refused by: release_ceiling, release_indirect, lineage_unresolved
SELECT [x FOR x IN [village] IF hiv] AS x FROM raw.health__patient

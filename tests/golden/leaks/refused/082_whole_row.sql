-- The table's alias is the whole row.
-- refused by: release_ceiling, lineage_unresolved
SELECT CAST(p AS VARCHAR) AS line FROM raw.health__patient AS p

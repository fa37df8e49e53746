-- A star over a subquery whose column is a row.
-- refused by: release_ceiling, lineage_unresolved
SELECT CAST(t AS VARCHAR) AS x FROM (SELECT p FROM raw.health__patient AS p) AS t

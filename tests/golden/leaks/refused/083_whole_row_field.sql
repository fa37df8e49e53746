-- A field of the whole row.
-- refused by: release_ceiling, lineage_unresolved
SELECT t.x.phone AS x FROM (SELECT p AS x FROM raw.health__patient AS p) AS t

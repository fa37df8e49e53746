-- A hash of the row.
-- refused by: release_ceiling, lineage_unresolved
SELECT md5(CAST(p AS VARCHAR)) AS x FROM raw.health__patient AS p

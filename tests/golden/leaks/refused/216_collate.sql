-- A collation changes nothing.
-- refused by: release_ceiling
SELECT phone COLLATE NOCASE AS x FROM raw.health__patient

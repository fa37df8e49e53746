-- The order inside an aggregate tells who costs most.
-- refused by: release_ceiling, release_indirect
SELECT list(village ORDER BY cost DESC) AS x FROM raw.health__patient

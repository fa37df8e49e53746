-- A public value picked by a sensitive one.
-- refused by: release_ceiling, release_indirect
SELECT arg_max(village, cost) AS x FROM raw.health__patient

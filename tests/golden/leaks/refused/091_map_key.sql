-- The sensitive value is the key of the map.
-- refused by: release_ceiling
SELECT map_keys(MAP {coalesce(phone, '-'): village})[1] AS x FROM raw.health__patient

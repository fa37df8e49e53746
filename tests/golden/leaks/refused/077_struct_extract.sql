-- The same in functions.
-- refused by: release_ceiling
SELECT struct_extract(struct_pack(a := phone, b := village), 'a') AS x FROM raw.health__patient

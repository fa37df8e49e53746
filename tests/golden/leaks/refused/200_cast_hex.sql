-- In hexadecimal.
-- refused by: release_ceiling
SELECT village, hex(phone) AS x FROM raw.health__patient

-- One bit of one letter; the others in other releases.
-- refused by: release_ceiling
SELECT village, ascii(substr(name, 1, 1)) // 2 % 2 AS x FROM raw.health__patient

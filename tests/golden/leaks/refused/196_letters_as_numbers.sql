-- Letters as numbers and back.
-- refused by: release_ceiling
SELECT village, chr(ascii(substr(diagnosis, 1, 1)) + 1) || substr(diagnosis, 2) AS x FROM raw.health__patient

-- As a number, a little moved.
-- refused by: release_ceiling
SELECT village, CAST(phone AS BIGINT) + 12345 AS x FROM raw.health__patient

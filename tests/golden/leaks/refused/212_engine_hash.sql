-- The engine's own hash.
-- refused by: release_ceiling
SELECT village, CAST(hash(phone) % 1000000 AS BIGINT) AS x FROM raw.health__patient

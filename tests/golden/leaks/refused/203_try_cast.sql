-- TRY_CAST and TRY.
-- refused by: release_ceiling
SELECT village, TRY_CAST(phone AS BIGINT) AS x, TRY(CAST(national_id AS BIGINT)) AS y FROM raw.health__patient

-- A public code as a number.
SELECT village, TRY_CAST(division AS BIGINT) AS code FROM raw.city__village

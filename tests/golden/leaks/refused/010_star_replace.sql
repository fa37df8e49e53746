-- REPLACE puts a sensitive value under a public name.
-- refused by: release_ceiling
WITH p AS (SELECT village, sex, phone FROM raw.health__patient)
SELECT * EXCLUDE (phone) REPLACE (phone AS village) FROM p

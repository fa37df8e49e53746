-- REPLACE puts a public value in the place of a sensitive one.
WITH p AS (SELECT village, sex, phone FROM raw.health__patient)
SELECT * REPLACE ('none' AS phone) FROM p

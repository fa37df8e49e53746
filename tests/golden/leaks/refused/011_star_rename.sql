-- RENAME hides the name in the middle of a star.
-- refused by: release_ceiling
WITH p AS (SELECT village, sex, phone FROM raw.health__patient)
SELECT * RENAME (phone AS contact) FROM p

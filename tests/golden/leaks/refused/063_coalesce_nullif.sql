-- A function that mostly returns the public value.
-- refused by: release_ceiling
SELECT village, nullif(village, phone) AS v, coalesce(NULL, notes) AS w FROM raw.health__patient

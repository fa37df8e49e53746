-- A comparison is a value of its column.
-- refused by: release_ceiling
SELECT village, diagnosis = 'B24' AS flag FROM raw.health__patient

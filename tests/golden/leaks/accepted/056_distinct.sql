-- The villages that patients come from.
SELECT DISTINCT village FROM raw.health__patient

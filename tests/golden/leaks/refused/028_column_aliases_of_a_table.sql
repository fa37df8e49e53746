-- A table alias with column names: `village` is the first column, patient_id.
-- refused by: release_ceiling
SELECT p.village FROM raw.health__patient AS p(village, x, y)

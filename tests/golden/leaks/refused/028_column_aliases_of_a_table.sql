-- A table alias with column names: `village` is the first column, patient_id. A later column of the
-- table has that name too; which of them is meant is not guessed.
-- refused by: lineage_unresolved
SELECT p.village FROM raw.health__patient AS p(village, x, y)

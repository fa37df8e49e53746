-- A column that only the second branch of UNION BY NAME has.
-- refused by: release_ceiling
SELECT village FROM raw.city__village
UNION ALL BY NAME
SELECT village, diagnosis AS remark FROM raw.health__patient

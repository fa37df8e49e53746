-- Masked in one branch of a CASE, raw in the other.
-- refused by: release_ceiling
SELECT village, CASE WHEN sex = 'f' THEN mask_date(birth_date, 'year') ELSE birth_date END AS born
FROM raw.health__patient

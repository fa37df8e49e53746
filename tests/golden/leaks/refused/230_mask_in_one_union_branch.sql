-- Masked in one branch of a UNION, raw in the other.
-- refused by: release_ceiling
SELECT village, mask_date(birth_date, 'year') AS born FROM raw.health__patient WHERE sex = 'f'
UNION ALL
SELECT village, birth_date FROM raw.health__patient WHERE sex = 'm'

-- A mask in capitals is the mask, and its neighbour is still raw.
-- refused by: release_ceiling
SELECT village, MASK_DATE(birth_date, 'year') AS born, greatest(birth_date, MASK_DATE(birth_date, 'year')) AS day
FROM raw.health__patient

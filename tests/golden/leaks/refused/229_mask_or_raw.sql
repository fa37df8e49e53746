-- The raw value wherever the mask gives NULL.
-- refused by: release_ceiling
SELECT village, coalesce(nullif(mask_date(birth_date, 'year'), mask_date(birth_date, 'year')), birth_date) AS born
FROM raw.health__patient

-- The mask is subtracted from the raw value.
-- refused by: release_ceiling, masks_combine
SELECT village, date_diff('day', mask_date(birth_date, 'year'), birth_date) AS x FROM raw.health__patient

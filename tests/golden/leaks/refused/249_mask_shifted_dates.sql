-- Months of the date and of the date half a month later.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_date(birth_date, 'month') AS a, mask_date(CAST(birth_date + INTERVAL 15 DAY AS DATE), 'month') AS b
FROM raw.health__patient

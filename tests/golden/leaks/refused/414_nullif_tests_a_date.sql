-- The day of birth, one question a column.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [village, a, b]}
SELECT village, mask_date(birth_date, 'year') AS a, mask_date(nullif(birth_date, '1950-03-17'), 'year') AS b FROM raw.health__patient

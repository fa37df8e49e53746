-- Bands of five and seven years: where they overlap is the year.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_age(age, 5) AS a, mask_age(age, 7) AS b FROM raw.health__patient

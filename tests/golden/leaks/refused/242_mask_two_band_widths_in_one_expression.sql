-- The same, written as one text.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_age(age, 5) || '&' || mask_age(age, 7) AS a
FROM raw.health__patient

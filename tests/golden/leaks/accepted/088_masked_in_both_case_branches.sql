-- Masked in every branch of a public condition, one of them NULL.
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, CASE WHEN village = 'west' THEN NULL ELSE mask_date(birth_date, 'year') END AS born
FROM raw.health__patient

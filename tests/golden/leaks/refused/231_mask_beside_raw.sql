-- The masked column and, under a modest name, the raw one.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, mask_date(birth_date, 'year') AS born, birth_date - DATE '1900-01-01' AS serial
FROM raw.health__patient

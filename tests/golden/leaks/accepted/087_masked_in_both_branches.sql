-- Masked in both branches of a UNION.
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, mask_date(birth_date, 'year') AS born FROM raw.health__patient WHERE sex = 'f'
UNION ALL
SELECT village, mask_date(birth_date, 'year') FROM raw.health__patient WHERE sex = 'm'

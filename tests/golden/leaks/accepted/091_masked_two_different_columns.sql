-- Two views of two different columns.
-- release: {kind: records, quasi_identifiers: [born], sensitive: [fee]}
SELECT village, mask_date(birth_date, 'year') AS born, mask_round(cost, 100) AS fee FROM raw.health__patient

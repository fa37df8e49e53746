-- Two generalised columns, one declared.
-- refused by: release_undeclared
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, mask_date(birth_date, 'year') AS born, mask_amount(cost, 1000) AS fee FROM raw.health__patient

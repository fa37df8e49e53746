-- Masked values, one row for each raw one.
-- refused by: release_indirect
-- release: {kind: records, quasi_identifiers: [born]}
SELECT mask_date(birth_date, 'year') AS born, count(*) AS n FROM raw.health__patient GROUP BY birth_date

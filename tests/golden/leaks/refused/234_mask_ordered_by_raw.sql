-- The value is masked, the numbering by the raw value is not.
-- refused by: release_indirect
-- release: {kind: records, quasi_identifiers: [born]}
SELECT mask_date(birth_date, 'year') AS born, row_number() OVER (ORDER BY birth_date) AS n FROM raw.health__patient

-- The value is masked, the filter is not.
-- refused by: release_indirect
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, mask_date(birth_date, 'year') AS born FROM raw.health__patient
WHERE birth_date < DATE '1965-06-01'

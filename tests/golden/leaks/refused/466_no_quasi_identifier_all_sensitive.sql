-- Everything masked is called sensitive: nothing is measured.
-- refused by: release_quasi, release_undeclared
-- release: {kind: records, quasi_identifiers: [], sensitive: [born, place, fee]}
SELECT village, sex, mask_date(birth_date, 'month') AS born, mask_address(address) AS place, mask_amount(cost, 100) AS fee FROM raw.health__patient

-- District and city of one code nest.
-- release: {kind: records, quasi_identifiers: [district, city]}
SELECT mask_division(home_division, 'district') AS district, mask_division(home_division, 'city') AS city
FROM raw.health__patient

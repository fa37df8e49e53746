-- What is done with a masked value afterwards is free.
-- release: {kind: records, quasi_identifiers: [born]}
SELECT village, 'born in ' || CAST(year(mask_date(birth_date, 'year')) AS VARCHAR) AS born FROM raw.health__patient

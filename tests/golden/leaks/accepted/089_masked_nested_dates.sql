-- Year and month of one date nest, so they may stand together.
-- release: {kind: records, quasi_identifiers: [y, m]}
SELECT village, mask_date(birth_date, 'year') AS y, mask_date(birth_date, 'month') AS m FROM raw.health__patient

-- Eight digits of a telephone, aggregated.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(max(right(phone, 8)::DOUBLE * 10) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW), 10) AS a FROM raw.health__patient

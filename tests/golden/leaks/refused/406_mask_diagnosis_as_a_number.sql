-- The diagnosis as a number, aggregated over one row and rounded.
-- refused by: release_ceiling
-- differs: error
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(max((ascii(diagnosis) * 100 + right(diagnosis, 2)::BIGINT) * 10) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW), 10) AS a FROM raw.health__patient

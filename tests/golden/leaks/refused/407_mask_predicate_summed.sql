-- A test of the diagnosis, summed over one row.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(sum((diagnosis = 'B24')::BIGINT * 10) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW), 10) AS a FROM raw.health__patient

-- The same with a number.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_amount(TRY_CAST(cost::VARCHAR AS ENUM('2310.5'))::VARCHAR::DOUBLE, 100) AS a FROM raw.health__patient

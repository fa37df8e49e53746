-- A cast to an ENUM tests a value as nullif does.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_address(coalesce(TRY_CAST(diagnosis AS ENUM('B24'))::VARCHAR, '示例市甲区')) AS a FROM raw.health__patient

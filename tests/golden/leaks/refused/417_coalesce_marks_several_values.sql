-- The same for each code: the diagnosis.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [], sensitive: [b24, j11, f20]}
SELECT village, mask_address(coalesce(nullif(diagnosis, 'B24'), '示例市甲区')) AS b24, mask_address(coalesce(nullif(diagnosis, 'J11'), '示例市甲区')) AS j11, mask_address(coalesce(nullif(diagnosis, 'F20'), '示例市甲区')) AS f20 FROM raw.health__patient

-- nullif takes the value out, coalesce puts an address in its place: mask_address marks B24.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_address(coalesce(nullif(diagnosis, 'B24'), '示例市甲区0号')) AS a FROM raw.health__patient

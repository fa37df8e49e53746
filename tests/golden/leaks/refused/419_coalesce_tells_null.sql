-- coalesce puts an address where the notes are missing.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_address(coalesce(notes, '示例市甲区0号')) AS a FROM raw.health__patient

-- An address whose variant characters are made one before it is masked.
-- release: {kind: records, quasi_identifiers: [village, place]}
SELECT village, mask_address(replace(address, '台', '臺')) AS place FROM raw.health__patient

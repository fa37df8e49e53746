-- A format-preserving token.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [phone]}
-- model fusion.answer
SELECT village, mask_token(phone, 'digits', 'study', 'university') AS phone FROM raw.health__patient

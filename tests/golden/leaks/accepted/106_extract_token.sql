-- A format-preserving token.
-- release: {channel: extract, kind: records, sensitive: [phone]}
-- model fusion.answer
SELECT village, mask_token(phone, 'digits', 'study', 'university') AS phone FROM raw.health__patient

-- A pseudonym and a token of one value in one release.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT mask_pseudonym(phone, 'study', 'university') AS a, mask_token(phone, 'digits', 'study', 'university') AS b
FROM raw.health__patient

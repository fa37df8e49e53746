-- A pseudonym of three digits is a table of a thousand rows.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT mask_pseudonym(substr(phone, 1, 6), 'study', 'university') AS a,
  mask_pseudonym(substr(phone, 7), 'study', 'university') AS b
FROM raw.health__patient

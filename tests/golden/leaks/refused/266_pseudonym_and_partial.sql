-- A pseudonym beside the visible half of the value it stands for.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT mask_pseudonym(phone, 'study', 'university') AS a, mask_phone(phone) AS b FROM raw.health__patient

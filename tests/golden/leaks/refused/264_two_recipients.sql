-- Pseudonyms for two recipients side by side: they can join after all.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT mask_pseudonym(national_id, 'study', 'university') AS a, mask_pseudonym(national_id, 'study', 'insurer') AS b
FROM raw.health__patient

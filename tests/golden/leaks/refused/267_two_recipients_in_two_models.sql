-- The second pseudonym was made one model earlier.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model base.step
SELECT village, phone, mask_pseudonym(phone, 'study', 'university') AS a FROM raw.health__patient
-- model fusion.answer
SELECT village, a, mask_pseudonym(phone, 'study', 'insurer') AS b FROM base.step

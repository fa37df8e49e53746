-- A code for the women, then the greatest of it.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS d FROM (SELECT village, max(CASE WHEN sex = 'f' THEN 'B24' ELSE diagnosis END) AS d FROM raw.health__patient GROUP BY village)

-- A written label in another column.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, CASE WHEN sex = 'f' THEN 'woman' ELSE 'man' END AS label, mask_pseudonym(name, 'study', 'university') AS person FROM raw.health__patient

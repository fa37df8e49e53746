-- A written row below the others.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS d FROM (SELECT village, diagnosis AS d FROM raw.health__patient UNION ALL SELECT 'written', 'B24')

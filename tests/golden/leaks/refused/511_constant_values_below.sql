-- VALUES below a column, cleaned.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
WITH c AS (SELECT village, diagnosis AS d FROM raw.health__patient UNION ALL VALUES ('written', 'B24')) SELECT village, mask_pseudonym(trim(d), 'study', 'university') AS d FROM c

-- A code is written into the north in base; its pseudonym is that of the others.
-- refused by: mask_constant
-- model base.p
SELECT village, CASE WHEN village = 'north' THEN 'B24' ELSE diagnosis END AS d FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS d FROM base.p

-- The greater of a column and a code.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS d FROM (SELECT village, greatest(diagnosis, 'F20') AS d FROM raw.health__patient)

-- A constant masked after coalesce with a public column: a key of the code.
-- refused by: mask_constant, release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_pseudonym(p.diagnosis, 'study', 'university') AS d, mask_pseudonym(coalesce(nullif(p.village, 'north'), 'B24'), 'study', 'university') AS b FROM raw.health__patient p

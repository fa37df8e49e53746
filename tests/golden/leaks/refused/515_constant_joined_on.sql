-- A written code compared under one key.
-- refused by: mask_constant, release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
WITH k AS (SELECT coalesce(nullif(village, 'north'), 'B24') AS c FROM raw.city__village) SELECT p.village FROM raw.health__patient p WHERE mask_pseudonym(p.diagnosis, 'study', 'university') IN (SELECT mask_pseudonym(c, 'study', 'university') FROM k)

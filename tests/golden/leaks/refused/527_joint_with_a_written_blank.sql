-- A public code before a secret, and before nothing.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT i.code, mask_pseudonym(i.code || p.d, 'study', 'university') AS t FROM (SELECT diagnosis AS d FROM raw.health__patient UNION ALL SELECT '' AS d) p, raw.health__icd i

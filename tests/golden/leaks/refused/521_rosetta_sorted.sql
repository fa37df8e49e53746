-- Both in the order of their pseudonyms, numbered.
-- refused by: release_indirect
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.title FROM (SELECT village, row_number() OVER (ORDER BY d) AS r FROM base.p) p JOIN (SELECT title, row_number() OVER (ORDER BY d) AS r FROM base.i) i ON i.r = p.r

-- Joined by the rank of the pseudonym, not by itself.
-- refused by: release_indirect
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.title FROM (SELECT village, dense_rank() OVER (ORDER BY d) AS r FROM base.p) p JOIN (SELECT title, dense_rank() OVER (ORDER BY d) AS r FROM base.i) i USING (r)

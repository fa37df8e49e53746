-- A join without a join: both one below the other, grouped by the pseudonym.
-- refused by: release_indirect
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT max(village) AS v, max(title) AS t FROM (SELECT d, village, NULL AS title FROM base.p UNION ALL SELECT d, NULL, title FROM base.i) GROUP BY d

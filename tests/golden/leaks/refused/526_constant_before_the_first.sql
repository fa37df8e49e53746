-- A code where there is no row before.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS t FROM (SELECT village, lag(diagnosis, 1, 'B24') OVER (ORDER BY village) AS d FROM raw.health__patient)

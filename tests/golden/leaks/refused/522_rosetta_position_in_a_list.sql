-- The pseudonyms of the dictionary in a list, the place in it looked up.
-- refused by: release_lookup
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT list(mask_pseudonym(code, 'study', 'university') ORDER BY code) AS l, list(title ORDER BY code) AS t FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.t[list_position(i.l, p.d)] AS t FROM base.p p, base.i i

-- The same, the blank written in base.
-- refused by: release_lookup
-- model base.p
SELECT village, CASE WHEN village = 'north' THEN '' ELSE diagnosis END AS d FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.code, mask_pseudonym(i.code || p.d, 'study', 'university') AS t FROM base.p p, raw.health__icd i

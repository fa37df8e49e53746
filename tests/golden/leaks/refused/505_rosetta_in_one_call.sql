-- For the north the public code is masked, for others the diagnosis.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.code, mask_pseudonym(CASE WHEN p.village = 'north' THEN i.code ELSE p.diagnosis END, 'study', 'university') AS d FROM raw.health__patient p, raw.health__icd i

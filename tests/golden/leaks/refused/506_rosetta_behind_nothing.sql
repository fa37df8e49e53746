-- The public code with nothing, or the diagnosis, behind it.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.code, mask_pseudonym(left(i.code, 9 * (p.village = 'north')::INTEGER) || CASE WHEN p.village = 'north' THEN '' ELSE p.diagnosis END, 'study', 'university') AS d FROM raw.health__patient p, raw.health__icd i

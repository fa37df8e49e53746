-- One of a list is masked.
-- refused by: release_lookup, mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.code, mask_pseudonym([i.code, p.diagnosis][1 + (p.village = 'north')::INTEGER], 'study', 'university') AS d FROM raw.health__patient p, raw.health__icd i

-- Encrypted first, then a pseudonym: both done to the public code too.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_pseudonym(mask_sm4(p.diagnosis, 'study', 'university'), 'study', 'university') AS d, i.code, mask_pseudonym(mask_sm4(i.code, 'study', 'university'), 'study', 'university') AS c FROM raw.health__patient p, raw.health__icd i

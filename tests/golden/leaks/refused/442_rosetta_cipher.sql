-- The same by a cipher.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.title FROM raw.health__patient p JOIN raw.health__icd i ON mask_sm4(i.code, 'study', 'university') = mask_sm4(p.diagnosis, 'study', 'university')

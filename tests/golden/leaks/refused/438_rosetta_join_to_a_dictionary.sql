-- Both sides masked, joined: the title is the diagnosis.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, p.age, i.title FROM raw.health__patient p JOIN raw.health__icd i ON mask_pseudonym(i.code, 'study', 'university') = mask_pseudonym(p.diagnosis, 'study', 'university')

-- One side masked before, the other in the join.
-- refused by: release_indirect
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.title FROM raw.health__patient p JOIN base.i i ON i.d = mask_pseudonym(p.diagnosis, 'study', 'university')

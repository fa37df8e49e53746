-- Hashes of the pseudonyms, joined.
-- refused by: release_indirect
-- model base.p
SELECT village, md5(mask_pseudonym(diagnosis, 'study', 'university')) AS d FROM raw.health__patient
-- model base.i
SELECT title, md5(mask_pseudonym(code, 'study', 'university')) AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, i.title FROM base.p p JOIN base.i i ON p.d = i.d

-- Which diagnoses there are.
-- refused by: release_indirect
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT title FROM base.i WHERE d IN (SELECT d FROM base.p)

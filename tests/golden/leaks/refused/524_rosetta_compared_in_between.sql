-- Compared in a model between, filtered by the comparison.
-- refused by: release_indirect
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient
-- model base.i
SELECT title, mask_pseudonym(code, 'study', 'university') AS d FROM raw.health__icd
-- model thematic.j
SELECT p.village, i.title, p.d IS NOT DISTINCT FROM i.d AS same FROM base.p p, base.i i
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, title FROM thematic.j WHERE same

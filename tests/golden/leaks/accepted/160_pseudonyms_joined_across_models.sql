-- Two secrets under one purpose, joined: that is what a pseudonym is for.
-- model base.p
SELECT village, mask_pseudonym(name, 'joined', 'university') AS d FROM raw.health__patient
-- model base.f
SELECT industry, mask_pseudonym(owner, 'joined', 'university') AS d FROM raw.tax__firm
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, f.industry, p.d AS person FROM base.p p JOIN base.f f USING (d)

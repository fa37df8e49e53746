-- The same, both shown.
-- model base.s
SELECT village, mask_pseudonym(driver, 'joined', 'university') AS d, mask_pseudonym(plate, 'joined', 'university') AS p FROM raw.police__sighting
-- model base.f
SELECT industry, mask_pseudonym(owner, 'joined', 'university') AS d FROM raw.tax__firm
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT s.village, f.industry, s.d AS driver, s.p AS plate FROM base.s s LEFT JOIN base.f f ON f.d = s.d

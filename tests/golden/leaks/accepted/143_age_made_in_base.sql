-- The age is computed in base, the band in the release.
-- release: {kind: records, quasi_identifiers: [village, band]}
-- model base.person
SELECT village, date_diff('year', birth_date, DATE '2026-01-01') AS age FROM raw.health__patient
-- model open.answer
SELECT village, mask_age(age, 10) AS band FROM base.person

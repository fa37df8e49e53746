-- A flag made a date of birth, and an age.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [a]}
SELECT mask_age(date_diff('year', DATE '1950-01-01' + CAST(hiv AS INTEGER) * 9000, DATE '2026-01-01'), 10) AS a FROM raw.health__patient

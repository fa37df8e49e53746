-- Bands of two years: the field says five at least.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [a]}
-- model fusion.answer
SELECT mask_age(date_diff('year', birth_date, DATE '2026-01-01'), 2) AS a FROM raw.health__patient

-- The age on two days: where the bands differ, the year is known.
-- refused by: masks_combine
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT mask_age(date_diff('year', birth_date, DATE '2026-01-01'), 10) AS a, mask_age(date_diff('year', birth_date, DATE '2021-01-01'), 10) AS b FROM raw.health__patient

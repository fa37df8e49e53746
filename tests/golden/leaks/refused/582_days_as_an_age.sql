-- Days since birth are no years.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [a]}
SELECT mask_round(date_diff('day', birth_date, DATE '2026-01-01'), 10) AS a FROM raw.health__patient

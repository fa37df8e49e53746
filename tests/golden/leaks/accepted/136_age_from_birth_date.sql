-- An age computed from a date of birth, in bands of ten years.
-- release: {kind: statistics, count: n}
SELECT mask_age(date_diff('year', birth_date, DATE '2026-01-01'), 10) AS band, count(*) AS n FROM raw.health__patient GROUP BY ALL

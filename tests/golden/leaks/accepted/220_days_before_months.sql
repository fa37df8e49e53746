-- A time cut down to its day, then to its month.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.visit_date
SELECT mask_date(date_trunc('day', visit_date)::DATE, 'month') AS m, count(*) AS n FROM raw.health__patient GROUP BY mask_date(date_trunc('day', visit_date)::DATE, 'month')

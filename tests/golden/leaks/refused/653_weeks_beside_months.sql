-- The month of a day and the month that its week begins in: where they differ it is one of a few days.
-- refused by: release_ceiling, masks_combine
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.visit_date
SELECT mask_date(visit_date, 'month') AS m, mask_date(date_trunc('week', visit_date)::DATE, 'month') AS w, count(*) AS n
FROM raw.health__patient GROUP BY ALL

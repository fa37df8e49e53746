-- Years in base, masked to years.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.birth_date
-- model base.p
SELECT date_trunc('year', birth_date)::DATE AS y, village FROM raw.health__patient
-- model open.answer
SELECT mask_date(y, 'year') AS m, count(*) AS n FROM base.p GROUP BY mask_date(y, 'year')

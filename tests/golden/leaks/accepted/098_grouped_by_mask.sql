-- Counts by year of birth; that the key comes from the date of birth is justified.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.birth_date
SELECT mask_date(birth_date, 'year') AS born, count(*) AS n FROM raw.health__patient GROUP BY 1

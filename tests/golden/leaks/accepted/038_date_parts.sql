-- Year and quarter of a public date.
SELECT school, year(opened) AS y, quarter(opened) AS q, CAST(date_trunc('month', opened) AS DATE) AS m
FROM raw.city__school

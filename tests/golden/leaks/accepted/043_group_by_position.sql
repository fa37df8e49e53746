-- GROUP BY a position and an alias.
SELECT district AS d, CASE WHEN area > 5 THEN 'wide' ELSE 'narrow' END AS shape, count(*) AS n
FROM raw.city__village GROUP BY 1, shape

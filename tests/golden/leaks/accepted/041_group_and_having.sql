-- Districts of more than one village.
SELECT district, count(*) AS n, CAST(sum(population) AS BIGINT) AS people
FROM raw.city__village GROUP BY district HAVING count(*) > 1

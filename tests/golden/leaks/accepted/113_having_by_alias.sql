-- HAVING means the alias of the count.
SELECT village, count(*) AS cost FROM raw.health__patient GROUP BY village HAVING cost > 2

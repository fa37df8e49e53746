-- HAVING takes the alias of the count; cost is no group key.
SELECT village, sex, count(*) AS cost FROM raw.health__patient GROUP BY village, sex HAVING cost + 1 > 2 AND sex <> 'x'

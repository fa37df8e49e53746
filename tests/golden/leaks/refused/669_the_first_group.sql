-- The same by first_value behind a common table expression.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
WITH c AS (SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS m FROM raw.health__patient GROUP BY village)
SELECT village, n, first_value(m) OVER (ORDER BY village DESC) AS m FROM c QUALIFY n > 2

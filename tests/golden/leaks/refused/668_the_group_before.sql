-- The average of the group before, which is left out because it is small.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, lag(mask_round(avg(cost), 100)) OVER (ORDER BY village DESC) AS m FROM raw.health__patient GROUP BY village QUALIFY count(*) > 2

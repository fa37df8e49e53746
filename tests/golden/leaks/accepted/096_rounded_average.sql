-- A rounded mean beside the count of those it is made of.
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS mean FROM raw.health__patient GROUP BY village

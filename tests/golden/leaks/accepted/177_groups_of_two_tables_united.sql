-- Two statistics one below the other.
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS c FROM raw.health__patient GROUP BY village UNION ALL SELECT district, count(*), mask_round(avg(income), 1000) FROM raw.tax__firm GROUP BY district

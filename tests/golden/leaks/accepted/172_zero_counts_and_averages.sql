-- Villages without patients get zero and no average.
-- release: {kind: statistics, count: n}
SELECT v.village, coalesce(c.n, 0) AS n, c.m FROM raw.city__village v LEFT JOIN (SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS m FROM raw.health__patient GROUP BY village) c USING (village)

-- A count with ones in the place of none, beside an average.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT v.village, coalesce(c.n, 100) AS n, mask_round(c.m, 10) AS m FROM raw.city__village v LEFT JOIN (SELECT village, count(*) AS n, avg(cost) AS m FROM raw.health__patient GROUP BY village) c USING (village)

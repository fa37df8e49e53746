-- Villages without patients get zero.
-- release: {kind: statistics, count: n}
SELECT v.village, coalesce(c.n, 0) AS n FROM raw.city__village v LEFT JOIN (SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village) c USING (village)

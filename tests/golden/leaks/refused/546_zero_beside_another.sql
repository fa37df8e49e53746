-- The zero of one table beside the average of another.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT v.village, coalesce(c.n, 0) AS n, mask_round(m.a, 10) AS a FROM raw.city__village v LEFT JOIN (SELECT village, count(*) AS n FROM raw.city__school GROUP BY village) c USING (village) LEFT JOIN (SELECT village, avg(cost) AS a FROM raw.health__patient WHERE sex = 'f' GROUP BY village) m USING (village)

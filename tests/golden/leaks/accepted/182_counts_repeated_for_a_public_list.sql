-- Each count once for every number of a public list.
-- release: {kind: statistics, count: n}
WITH RECURSIVE t(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM t WHERE k < 3) SELECT g.village, t.k, g.n, g.c FROM (SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS c FROM raw.health__patient GROUP BY village) g, t

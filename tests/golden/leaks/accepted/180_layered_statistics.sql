-- Filtered, grouped, handed on, rounded.
-- release: {kind: statistics, count: n}
WITH p AS (SELECT village, sex, cost FROM raw.health__patient WHERE sex IS NOT NULL), g AS (SELECT village, count(*) AS n, avg(cost) AS c FROM p GROUP BY village HAVING count(*) >= 3), q AS (SELECT * FROM g) SELECT q.village, q.n, mask_round(q.c, 100) AS c FROM q ORDER BY q.n

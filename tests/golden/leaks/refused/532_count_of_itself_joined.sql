-- One CTE twice: the count of another village.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
WITH g AS (SELECT village, count(*) AS n, avg(cost) AS c FROM raw.health__patient GROUP BY village) SELECT a.village, mask_round(a.c, 10) AS c, b.n FROM g a JOIN g b ON b.village <> a.village

-- The count of the village beside the average of a man or a woman.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
WITH g AS (SELECT village, sex, avg(cost) AS c FROM raw.health__patient GROUP BY village, sex), w AS (SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village) SELECT g.village, g.sex, mask_round(g.c, 10) AS c, w.n FROM g JOIN w ON w.village = g.village

-- The count of all beside the values of few.
-- refused by: release_count_other, release_count
-- release: {kind: statistics, count: n}
SELECT g.village, g.sex, g.c, w.n FROM (SELECT village, sex, mask_round(avg(cost), 10) AS c FROM raw.health__patient GROUP BY village, sex) g CROSS JOIN (SELECT count(*) AS n FROM raw.health__patient) w

-- The count of one is hidden, his cost is not.
-- refused by: release_count_bare
-- release: {kind: statistics, count: n}
SELECT village, sex, mask_round(avg(cost), 100) AS c, mask_suppress(count(*), 3) AS n FROM raw.health__patient GROUP BY village, sex

-- The same for patients of one sex.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(CASE WHEN sex = 'f' THEN cost ELSE TRY_CAST(village AS DOUBLE) END), 100) AS c FROM raw.health__patient GROUP BY village

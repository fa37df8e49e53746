-- The average of the women beside the count of all.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(cost) FILTER (WHERE sex = 'f'), 10) AS c FROM raw.health__patient GROUP BY village

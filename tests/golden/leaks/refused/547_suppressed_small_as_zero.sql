-- Small counts as zero, the average beside.
-- refused by: release_count, release_count_bare
-- release: {kind: statistics, count: n}
SELECT village, sex, coalesce(mask_suppress(count(*), 3), 0) AS n, mask_round(avg(cost), 10) AS c FROM raw.health__patient GROUP BY village, sex

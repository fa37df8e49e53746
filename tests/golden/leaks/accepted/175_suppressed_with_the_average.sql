-- Where the count is hidden, the average is.
-- release: {kind: statistics, count: n}
SELECT village, sex, mask_suppress(count(*), 3) AS n, CASE WHEN count(*) >= 3 THEN mask_round(avg(cost), 100) END AS c FROM raw.health__patient GROUP BY village, sex

-- The mean of a group of one, rounded to one.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_round(avg(cost), 10) AS c FROM raw.health__patient GROUP BY village, sex

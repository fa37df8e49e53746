-- Villages, sexes and totals by ROLLUP.
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_round(avg(cost), 100) AS c FROM raw.health__patient GROUP BY ROLLUP (village, sex)

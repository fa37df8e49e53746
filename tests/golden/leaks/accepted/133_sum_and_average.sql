-- Sum and average of a group, rounded.
-- release: {kind: statistics, count: n}
SELECT district, count(*) AS n, mask_round(sum(income), 1000) AS s, mask_round(avg(income), 1000) AS a FROM raw.tax__firm GROUP BY district

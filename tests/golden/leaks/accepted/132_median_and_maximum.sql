-- Median and maximum of a group, rounded (minimum and maximum are accepted).
-- release: {kind: statistics, count: n}
SELECT industry, count(*) AS n, mask_round(median(income), 1000) AS med, mask_round(max(income), 1000) AS hi FROM raw.tax__firm GROUP BY industry

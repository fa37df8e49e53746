-- A rounded total of a district.
-- release: {kind: statistics, count: firms}
SELECT district, count(*) AS firms, mask_round(sum(income), 10000) AS income FROM raw.tax__firm GROUP BY district

-- An average of sums made in base, rounded.
-- model base.income
SELECT industry, count(*) AS n, sum(income) AS income FROM raw.tax__firm GROUP BY industry
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT industry, n, mask_round(income / n, 1000) AS income FROM base.income

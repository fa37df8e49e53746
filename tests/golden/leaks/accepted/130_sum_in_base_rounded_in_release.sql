-- A sum made in base, rounded in the release: accepted in a CTE, refused between models.
-- model base.income
SELECT industry, count(*) AS n, sum(income) AS income FROM raw.tax__firm GROUP BY industry
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT industry, n, mask_round(income, 1000) AS income FROM base.income

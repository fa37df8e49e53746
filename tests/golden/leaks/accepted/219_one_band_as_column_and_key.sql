-- A band of thousands, written twice: as a column and as the key of its group.
-- release: {kind: statistics, count: n}
-- justification: raw.tax__firm.income
SELECT mask_amount(income / 1000, 1000) AS band, count(*) AS n FROM raw.tax__firm GROUP BY mask_amount(income / 1000, 1000)

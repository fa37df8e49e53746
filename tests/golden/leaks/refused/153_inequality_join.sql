-- The number of matches is the rank.
-- refused by: release_indirect
SELECT f.industry FROM raw.tax__firm AS f JOIN raw.tax__firm AS g ON g.income > f.income

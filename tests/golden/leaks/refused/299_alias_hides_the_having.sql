-- Inside an aggregate of HAVING the column is meant.
-- refused by: release_indirect
SELECT village, max(sex) AS cost FROM raw.health__patient GROUP BY village HAVING max(cost) > 2000

-- Inside an aggregate HAVING takes the column.
-- refused by: release_indirect
SELECT village, count(*) AS cost FROM raw.health__patient GROUP BY village HAVING max(cost) > 2000

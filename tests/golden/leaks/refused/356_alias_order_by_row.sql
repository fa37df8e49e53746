-- A row value is an expression, so it takes the column.
-- refused by: release_indirect
SELECT village AS cost FROM raw.health__patient ORDER BY (cost, sex) LIMIT 3

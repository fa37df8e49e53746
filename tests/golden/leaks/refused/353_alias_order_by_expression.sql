-- An expression of ORDER BY takes the column.
-- refused by: release_indirect
SELECT village AS cost FROM raw.health__patient ORDER BY -cost LIMIT 3

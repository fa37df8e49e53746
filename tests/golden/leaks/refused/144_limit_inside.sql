-- Order and limit in a subquery, shown in another order.
-- refused by: release_indirect
SELECT village FROM (SELECT village FROM raw.health__patient ORDER BY age DESC LIMIT 4) AS t ORDER BY village

-- A group is shown only when its sum is large.
-- refused by: release_indirect
SELECT village FROM raw.health__patient GROUP BY village HAVING sum(cost) > 1000

-- The whole table or nothing.
-- refused by: release_indirect
SELECT village FROM raw.city__village WHERE (SELECT max(cost) > 3000 FROM raw.health__patient)

-- A public table filtered by the average of a sensitive column.
-- refused by: release_indirect
SELECT village FROM raw.city__village WHERE population > (SELECT avg(cost) FROM raw.health__patient)

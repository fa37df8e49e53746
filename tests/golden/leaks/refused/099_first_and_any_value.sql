-- Aggregates that return a value as it is.
-- refused by: release_ceiling
SELECT village, first(phone) AS a, any_value(notes) AS b FROM raw.health__patient GROUP BY village

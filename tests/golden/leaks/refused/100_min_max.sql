-- The extremes are values of persons.
-- refused by: release_ceiling
SELECT village, min(birth_date) AS a, max(cost) AS b FROM raw.health__patient GROUP BY village

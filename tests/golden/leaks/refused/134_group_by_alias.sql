-- The group key is an alias that hides a sensitive expression.
-- refused by: release_ceiling
SELECT year(birth_date) AS y, count(*) AS n FROM raw.health__patient GROUP BY y

-- How many different ones.
-- refused by: release_ceiling, release_indirect
SELECT village, count(DISTINCT diagnosis) AS n FROM raw.health__patient GROUP BY village

-- The typical value is somebody's value.
-- refused by: release_ceiling
SELECT village, mode(diagnosis) AS a, quantile_disc(cost, 0.5) AS b FROM raw.health__patient GROUP BY village

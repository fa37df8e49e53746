-- Two moments of two persons are two values.
-- refused by: release_ceiling
SELECT village, var_pop(cost) AS x FROM raw.health__patient GROUP BY village

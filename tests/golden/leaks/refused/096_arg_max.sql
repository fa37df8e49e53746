-- The name of the dearest patient.
-- refused by: release_ceiling
SELECT village, arg_max(name, cost) AS x FROM raw.health__patient GROUP BY village

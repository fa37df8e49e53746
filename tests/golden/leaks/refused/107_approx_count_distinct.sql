-- How many different diagnoses.
-- refused by: release_ceiling
SELECT village, approx_count_distinct(diagnosis) AS x FROM raw.health__patient GROUP BY village

-- The first value of a window.
-- refused by: release_ceiling
SELECT village, first_value(diagnosis) OVER (PARTITION BY village ORDER BY sex) AS x FROM raw.health__patient

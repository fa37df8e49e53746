-- The commonest diagnosis.
-- refused by: release_ceiling
SELECT village, mode() WITHIN GROUP (ORDER BY diagnosis) AS x FROM raw.health__patient GROUP BY village

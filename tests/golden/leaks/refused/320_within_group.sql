-- An ordered-set aggregate.
-- refused by: release_ceiling
SELECT village, percentile_disc(0.5) WITHIN GROUP (ORDER BY cost) AS x FROM raw.health__patient GROUP BY village

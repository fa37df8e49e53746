-- QUALIFY means the column too.
-- refused by: release_indirect
SELECT village, row_number() OVER (ORDER BY village) AS cost FROM raw.health__patient QUALIFY cost < 100

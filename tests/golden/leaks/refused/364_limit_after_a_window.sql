-- The engine sorts by the window, and LIMIT takes the first.
-- refused by: release_indirect, release_ceiling
SELECT village FROM (SELECT village, row_number() OVER (ORDER BY cost) AS r FROM raw.health__patient) WHERE r > 0 LIMIT 3

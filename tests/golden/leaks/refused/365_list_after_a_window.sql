-- The order of the list is that of the window.
-- refused by: release_indirect, release_ceiling
SELECT v[1] AS village FROM (SELECT list(village) AS v, max(r) AS m FROM (SELECT village, row_number() OVER (ORDER BY cost) AS r FROM raw.health__patient)) WHERE m > 0

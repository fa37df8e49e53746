-- A set operation may be ordered by the name of its right side.
-- refused by: release_indirect, release_ceiling
SELECT village FROM (SELECT village, 0.0 AS x FROM raw.city__village UNION ALL SELECT village, cost FROM raw.health__patient ORDER BY cost DESC LIMIT 6)

-- UNION BY NAME inside a CTE, read through a star.
-- refused by: release_ceiling
WITH u AS (SELECT village AS a FROM raw.city__village UNION ALL BY NAME SELECT phone AS b, village AS a FROM raw.health__patient)
SELECT * FROM u

-- A lateral subquery.
-- refused by: release_ceiling
SELECT v.village, t.name AS x FROM raw.city__village AS v,
LATERAL (SELECT p.name FROM raw.health__patient AS p WHERE p.village = v.village ORDER BY p.name LIMIT 1) AS t

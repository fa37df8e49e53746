-- The row of a scalar subquery.
-- refused by: release_ceiling, lineage_unresolved
SELECT v.village, (SELECT p FROM raw.health__patient AS p ORDER BY p.village LIMIT 1).name AS x
FROM raw.city__village AS v

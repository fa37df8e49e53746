-- The subquery reads a public table and returns the outer row's column.
-- refused by: release_ceiling
SELECT p.village, (SELECT p.phone FROM raw.city__village AS v WHERE v.village = p.village) AS x
FROM raw.health__patient AS p

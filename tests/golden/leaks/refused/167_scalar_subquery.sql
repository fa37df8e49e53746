-- A scalar subquery as a column.
-- refused by: release_ceiling
SELECT v.village, (SELECT max(p.phone) FROM raw.health__patient AS p) AS x FROM raw.city__village AS v

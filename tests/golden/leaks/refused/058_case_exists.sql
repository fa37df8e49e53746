-- A condition that is a subquery.
-- refused by: release_indirect
SELECT v.village,
  CASE WHEN EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE p.village = v.village AND p.hiv) THEN 1 ELSE 0 END AS x
FROM raw.city__village AS v

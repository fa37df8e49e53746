-- Names go round in a circle; only the one that ends as `a` is sensitive.
-- refused by: release_ceiling
SELECT t.a FROM (
  SELECT s.b AS a FROM (SELECT village AS a, phone AS b, sex AS c FROM raw.health__patient) AS s
) AS t

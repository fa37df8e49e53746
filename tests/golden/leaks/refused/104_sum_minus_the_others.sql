-- The sum of all minus the sum of the others is one person's value.
-- refused by: release_ceiling
SELECT p.village, (SELECT sum(cost) FROM raw.health__patient)
  - (SELECT sum(o.cost) FROM raw.health__patient AS o WHERE o.village <> p.village) AS x
FROM raw.city__village AS p

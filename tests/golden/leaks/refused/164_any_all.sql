-- ANY and ALL.
-- refused by: release_indirect
SELECT v.village FROM raw.city__village AS v
WHERE v.population > ALL (SELECT p.cost FROM raw.health__patient AS p)
  OR v.population = ANY (SELECT p.age FROM raw.health__patient AS p)

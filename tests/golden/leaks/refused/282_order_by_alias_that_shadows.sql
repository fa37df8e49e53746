-- ORDER BY takes the alias, which is not the public column of that name.
-- refused by: release_ceiling, release_indirect
SELECT v FROM (SELECT village AS v, cost AS sex FROM raw.health__patient ORDER BY sex LIMIT 2) AS t

-- A correlated subquery takes the outer column, not the alias.
-- refused by: release_indirect
SELECT village AS cost FROM raw.health__patient WHERE EXISTS (SELECT 1 FROM raw.city__village AS v WHERE v.population < cost)

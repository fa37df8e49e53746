-- The order comes from a subquery.
-- refused by: release_indirect
SELECT v.village FROM raw.city__village AS v
ORDER BY (SELECT max(p.cost) FROM raw.health__patient AS p WHERE p.village = v.village) DESC LIMIT 2

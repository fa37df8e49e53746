-- The alias of a sensitive subquery is the name of a public table.
-- refused by: release_ceiling
SELECT city__village.village FROM (SELECT phone AS village FROM raw.health__patient) AS city__village

-- A branch within a branch.
-- refused by: release_ceiling
SELECT village FROM raw.city__village
UNION (SELECT village FROM raw.city__school UNION ALL (SELECT name FROM raw.health__patient))

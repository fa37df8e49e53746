-- An alias is meant in ORDER BY only when it stands alone.
-- refused by: release_indirect
SELECT village AS cost FROM raw.health__patient ORDER BY cost + 1 LIMIT 2

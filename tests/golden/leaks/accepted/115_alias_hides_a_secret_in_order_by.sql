-- The bare name in ORDER BY is the alias.
SELECT village AS cost, sex AS phone FROM raw.health__patient ORDER BY cost DESC, (phone) LIMIT 4

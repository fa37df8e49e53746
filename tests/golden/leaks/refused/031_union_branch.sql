-- The second branch of a UNION ALL.
-- refused by: release_ceiling
SELECT village AS place FROM raw.city__village
UNION ALL
SELECT phone FROM raw.health__patient

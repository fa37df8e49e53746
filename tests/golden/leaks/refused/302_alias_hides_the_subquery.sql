-- A subquery that reads no table means the outer column.
-- refused by: release_ceiling
SELECT village AS phone, (SELECT phone) AS z FROM raw.health__patient

-- A subquery as a list.
-- refused by: release_ceiling
SELECT ARRAY(SELECT phone FROM raw.health__patient) AS x

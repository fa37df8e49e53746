-- The same, one CTE deeper and through a star.
-- refused by: release_ceiling
WITH t AS (SELECT village AS x FROM raw.city__village),
u AS (WITH t AS (SELECT phone AS x FROM raw.health__patient) SELECT * FROM t)
SELECT x FROM u

-- An inner CTE shadows a clean outer one of the same name.
-- refused by: release_ceiling
WITH t AS (SELECT village AS x FROM raw.city__village)
SELECT x FROM (WITH t AS (SELECT phone AS x FROM raw.health__patient) SELECT x FROM t)

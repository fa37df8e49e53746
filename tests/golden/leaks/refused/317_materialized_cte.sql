-- A CTE with a hint.
-- refused by: release_ceiling
WITH t AS MATERIALIZED (SELECT phone AS x FROM raw.health__patient), u AS NOT MATERIALIZED (SELECT x FROM t)
SELECT x FROM u

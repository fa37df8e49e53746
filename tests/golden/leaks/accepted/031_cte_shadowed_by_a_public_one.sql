-- The inner CTE is public and shadows a sensitive one that no one reads.
WITH t AS (SELECT phone AS x FROM raw.health__patient)
SELECT x FROM (WITH t AS (SELECT village AS x FROM raw.city__village) SELECT x FROM t)

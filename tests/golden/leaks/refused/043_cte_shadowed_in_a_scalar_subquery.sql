-- The shadowing CTE lives in a scalar subquery.
-- refused by: release_ceiling
WITH t AS (SELECT village AS x FROM raw.city__village)
SELECT v.village, (WITH t AS (SELECT notes AS x FROM raw.health__patient) SELECT max(x) FROM t) AS x
FROM raw.city__village AS v

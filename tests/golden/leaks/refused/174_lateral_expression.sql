-- A lateral subquery without a table of its own.
-- refused by: release_ceiling
SELECT p.village, t.x FROM raw.health__patient AS p, LATERAL (SELECT p.notes AS x) AS t

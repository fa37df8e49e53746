-- A lateral subquery that is there or not.
-- refused by: release_indirect
SELECT p.village FROM raw.health__patient AS p, LATERAL (SELECT 1 AS one WHERE p.hiv) AS t

-- Each public row is repeated as often as there are cases.
-- refused by: release_indirect
SELECT v.village FROM raw.city__village AS v
CROSS JOIN (SELECT 1 AS one FROM raw.health__patient WHERE hiv) AS p

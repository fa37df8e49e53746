-- An alias used by its neighbour.
-- refused by: release_ceiling
SELECT y FROM (SELECT phone AS x, left(x, 7) AS y, village FROM raw.health__patient) AS t

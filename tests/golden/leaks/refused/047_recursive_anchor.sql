-- A recursive CTE carries the value from its first part.
-- refused by: release_ceiling, lineage_unresolved
WITH RECURSIVE r AS (
  SELECT phone AS x, 1 AS n FROM raw.health__patient
  UNION ALL
  SELECT x, n + 1 FROM r WHERE n < 2
)
SELECT x FROM r WHERE n = 2

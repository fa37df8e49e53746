-- A recursive CTE with a key.
-- refused by: release_ceiling, lineage_unresolved
WITH RECURSIVE r(x, n) USING KEY (x) AS (
  SELECT phone, 1 FROM raw.health__patient
  UNION
  SELECT x, n + 1 FROM r WHERE n < 2
)
SELECT x FROM r

-- Only the recursive part brings the value in.
-- refused by: release_ceiling, lineage_unresolved
WITH RECURSIVE r AS (
  SELECT village AS x, 1 AS n FROM raw.city__village
  UNION ALL
  SELECT p.phone, r.n + 1 FROM r JOIN raw.health__patient AS p ON p.village = r.x WHERE r.n = 1
)
SELECT x FROM r

-- Columns change places in every round; the first pass sees `a` clean.
-- refused by: release_ceiling, lineage_unresolved
WITH RECURSIVE r AS (
  SELECT village AS a, sex AS b, phone AS c, 1 AS n FROM raw.health__patient
  UNION ALL
  SELECT b, c, a, n + 1 FROM r WHERE n < 3
)
SELECT a FROM r

-- The number of rounds is the patient's age.
-- refused by: release_indirect, lineage_unresolved
WITH RECURSIVE r AS (
  SELECT village, 1 AS n FROM raw.city__village
  UNION ALL
  SELECT village, n + 1 FROM r WHERE n < (SELECT max(age) FROM raw.health__patient)
)
SELECT village, count(*) AS n FROM r GROUP BY village

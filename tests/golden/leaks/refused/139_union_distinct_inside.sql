-- UNION without ALL is a DISTINCT over all columns.
-- refused by: release_indirect
SELECT village FROM (
  SELECT village, diagnosis FROM raw.health__patient
  UNION
  SELECT village, diagnosis FROM raw.health__patient
) AS t

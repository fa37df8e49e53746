-- The order hides in a subquery.
-- refused by: release_indirect
SELECT village FROM (
  SELECT village, row_number() OVER (ORDER BY visit_date DESC) AS n FROM raw.health__patient
) AS t WHERE n <= 2

-- A recursive CTE over numbers.
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5)
SELECT n FROM r

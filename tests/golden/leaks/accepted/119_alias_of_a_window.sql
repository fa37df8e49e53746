-- The window is ordered by the public column, though an alias of a secret has its name.
SELECT t.r, t.v FROM (SELECT cost AS village, rank() OVER (ORDER BY village) AS r, sex AS v FROM raw.health__patient) AS t

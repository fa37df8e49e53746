-- A named window with a frame.
SELECT school, avg(pupils) OVER w AS mean FROM raw.city__school
WINDOW w AS (PARTITION BY village ORDER BY opened ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)

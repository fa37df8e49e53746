-- A LIMIT after a window over public columns.
SELECT village, r FROM (SELECT village, row_number() OVER (ORDER BY population) AS r FROM raw.city__village) LIMIT 2

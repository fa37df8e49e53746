-- A list column.
SELECT village, list(school ORDER BY school) AS schools FROM raw.city__school GROUP BY village

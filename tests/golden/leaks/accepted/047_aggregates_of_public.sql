-- All sorts of aggregates over public columns.
SELECT village, min(opened) AS first, max(pupils) AS most, avg(pupils) AS mean, median(pupils) AS mid,
  count(DISTINCT school) AS schools, string_agg(school, ', ' ORDER BY school) AS names
FROM raw.city__school GROUP BY village

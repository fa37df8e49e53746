-- All days of a public month.
WITH RECURSIVE d AS (
  SELECT min(day) AS day FROM raw.city__day
  UNION ALL
  SELECT CAST(day + INTERVAL 1 DAY AS DATE) FROM d WHERE day < DATE '2026-01-31'
)
SELECT day FROM d

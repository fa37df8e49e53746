-- One row per inspection: what the city's inspection-scheduling model knows on the day of the inspection.
-- Definitions follow the city's published code (Chicago/food-inspections-evaluation, CODE/22 to CODE/24,
-- functions/calculate_heat_values.R, functions/kde.R, functions/weather_3day_calc.R).
-- Days are counted from 2000-01-01 so that every date condition is plain integer arithmetic on both engines.
WITH inspections AS (
  SELECT
    inspection_id,
    license_number,
    inspection_date,
    CAST(date_diff('day', DATE '2000-01-01', inspection_date) AS BIGINT) AS day_number,
    results,
    critical_count,
    serious_count,
    minor_count,
    latitude,
    longitude
  FROM raw.public_health__food_inspections
),
-- The inspection before this one of the same licence. Without a licence number there is no history to look back on.
history AS (
  SELECT
    inspection_id,
    LAG(day_number) OVER (PARTITION BY license_number ORDER BY inspection_date, inspection_id) AS day_before,
    LAG(results) OVER (PARTITION BY license_number ORDER BY inspection_date, inspection_id) AS results_before,
    LAG(critical_count) OVER (PARTITION BY license_number ORDER BY inspection_date, inspection_id) AS critical_before,
    LAG(serious_count) OVER (PARTITION BY license_number ORDER BY inspection_date, inspection_id) AS serious_before,
    LAG(minor_count) OVER (PARTITION BY license_number ORDER BY inspection_date, inspection_id) AS minor_before
  FROM inspections
  WHERE license_number IS NOT NULL
),
licences AS (
  SELECT license_number, MIN(term_start_date) AS first_term_start
  FROM raw.business_affairs__business_licenses
  GROUP BY license_number
),
weather AS (
  SELECT
    CAST(date_diff('day', DATE '2000-01-01', weather_date) AS BIGINT) AS day_number,
    precip_intensity,
    temperature_max,
    wind_speed,
    humidity
  FROM raw.weather__weather_daily
),
events AS (
  SELECT
    'burglary' AS kind,
    CAST(date_diff('day', DATE '2000-01-01', occurrence_date) AS BIGINT) AS day_number,
    latitude,
    longitude
  FROM raw.police__burglaries_police
  WHERE occurrence_date > DATE '2011-07-01' AND latitude IS NOT NULL AND longitude IS NOT NULL
  UNION ALL
  SELECT
    'sanitation' AS kind,
    CAST(date_diff('day', DATE '2000-01-01', creation_date) AS BIGINT) AS day_number,
    latitude,
    longitude
  FROM raw.hotline_311__sanitation_complaints_311
  WHERE status IN ('Completed', 'Open') AND latitude IS NOT NULL AND longitude IS NOT NULL
),
-- n of the density: every located event of the window, wherever in the city it happened.
events_per_day AS (
  SELECT kind, day_number, COUNT(*) AS event_count
  FROM events
  GROUP BY kind, day_number
),
days AS (
  SELECT DISTINCT day_number FROM inspections
),
window_counts AS (
  SELECT
    d.day_number,
    CAST(SUM(CASE WHEN e.kind = 'burglary' THEN e.event_count ELSE 0 END) AS BIGINT) AS burglary_count,
    CAST(SUM(CASE WHEN e.kind = 'sanitation' THEN e.event_count ELSE 0 END) AS BIGINT) AS sanitation_count
  FROM days AS d
  INNER JOIN events_per_day AS e
    ON e.day_number >= d.day_number - 90 AND e.day_number <= d.day_number
  GROUP BY d.day_number
),
-- Only near events are summed. A cell is 0.03 degrees = 12 bandwidths (0.0025 degrees) wide, so an event outside the
-- 3 x 3 cells around the inspection weighs less than exp(-72) = 5e-32 of one on the spot. A 91-day window touches
-- at most two 91-day periods: this one and the one before it.
event_cells AS (
  SELECT
    kind,
    day_number,
    latitude,
    longitude,
    CAST(FLOOR(latitude / CAST(0.03 AS DOUBLE)) AS BIGINT) AS cell_y,
    CAST(FLOOR(longitude / CAST(0.03 AS DOUBLE)) AS BIGINT) AS cell_x,
    CAST(FLOOR(CAST(day_number AS DOUBLE) / CAST(91 AS DOUBLE)) AS BIGINT) AS period
  FROM events
),
steps AS (
  SELECT -1 AS step UNION ALL SELECT 0 AS step UNION ALL SELECT 1 AS step
),
inspection_cells AS (
  SELECT
    i.inspection_id,
    i.day_number,
    i.latitude,
    i.longitude,
    CAST(FLOOR(i.latitude / CAST(0.03 AS DOUBLE)) AS BIGINT) + sy.step AS cell_y,
    CAST(FLOOR(i.longitude / CAST(0.03 AS DOUBLE)) AS BIGINT) + sx.step AS cell_x,
    CAST(FLOOR(CAST(i.day_number AS DOUBLE) / CAST(91 AS DOUBLE)) AS BIGINT) + st.step AS period
  FROM inspections AS i
  CROSS JOIN steps AS sy
  CROSS JOIN steps AS sx
  CROSS JOIN steps AS st
  WHERE i.latitude IS NOT NULL AND i.longitude IS NOT NULL AND st.step <= 0
),
weights AS (
  SELECT
    c.inspection_id,
    e.kind,
    EXP(
      CAST(-0.5 AS DOUBLE) * (
        ((c.latitude - e.latitude) / CAST(0.0025 AS DOUBLE)) * ((c.latitude - e.latitude) / CAST(0.0025 AS DOUBLE))
        + ((c.longitude - e.longitude) / CAST(0.0025 AS DOUBLE)) * ((c.longitude - e.longitude) / CAST(0.0025 AS DOUBLE))
      )
    ) AS weight
  FROM inspection_cells AS c
  INNER JOIN event_cells AS e
    ON e.cell_y = c.cell_y AND e.cell_x = c.cell_x AND e.period = c.period
    AND e.day_number >= c.day_number - 90 AND e.day_number <= c.day_number
),
-- Added as decimals: exact and in any order, so that two runs (and two engines) agree to the last digit.
heat AS (
  SELECT
    inspection_id,
    CAST(SUM(CASE WHEN kind = 'burglary' THEN CAST(weight AS DECIMAL(38, 30)) END) AS DOUBLE) AS burglary_weight,
    CAST(SUM(CASE WHEN kind = 'sanitation' THEN CAST(weight AS DECIMAL(38, 30)) END) AS DOUBLE) AS sanitation_weight
  FROM weights
  GROUP BY inspection_id
)
SELECT
  i.inspection_id,
  i.license_number,
  i.inspection_date,
  CAST(CASE WHEN h.results_before = 'Fail' THEN 1 ELSE 0 END AS BIGINT) AS past_fail,
  CAST(COALESCE(h.critical_before, 0) AS BIGINT) AS past_critical,
  CAST(COALESCE(h.serious_before, 0) AS BIGINT) AS past_serious,
  CAST(COALESCE(h.minor_before, 0) AS BIGINT) AS past_minor,
  CASE
    WHEN h.day_before IS NULL THEN CAST(2 AS DOUBLE)
    WHEN i.day_number - h.day_before > 730 THEN CAST(2 AS DOUBLE)
    ELSE CAST(i.day_number - h.day_before AS DOUBLE) / CAST(365 AS DOUBLE)
  END AS time_since_last,
  CAST(CASE WHEN h.day_before IS NULL THEN 1 ELSE 0 END AS BIGINT) AS first_record,
  CAST(date_diff('day', l.first_term_start, i.inspection_date) AS DOUBLE) / CAST(365 AS DOUBLE) AS age_at_inspection,
  (w1.precip_intensity + w2.precip_intensity + w3.precip_intensity) / CAST(3 AS DOUBLE) AS precip_intensity,
  (w1.temperature_max + w2.temperature_max + w3.temperature_max) / CAST(3 AS DOUBLE) AS temperature_max,
  (w1.wind_speed + w2.wind_speed + w3.wind_speed) / CAST(3 AS DOUBLE) AS wind_speed,
  (w1.humidity + w2.humidity + w3.humidity) / CAST(3 AS DOUBLE) AS humidity,
  -- phi(dx/h) phi(dy/h) / h^2 = exp(-(dx^2 + dy^2) / 2h^2) / (2 pi h^2), averaged over the n events.
  CASE
    WHEN i.latitude IS NULL OR i.longitude IS NULL OR COALESCE(n.burglary_count, 0) = 0 THEN NULL
    ELSE COALESCE(heat.burglary_weight, CAST(0 AS DOUBLE))
      / (CAST(6.283185307179586 AS DOUBLE) * CAST(0.0025 AS DOUBLE) * CAST(0.0025 AS DOUBLE) * CAST(n.burglary_count AS DOUBLE))
  END AS heat_burglary,
  CASE
    WHEN i.latitude IS NULL OR i.longitude IS NULL OR COALESCE(n.sanitation_count, 0) = 0 THEN NULL
    ELSE COALESCE(heat.sanitation_weight, CAST(0 AS DOUBLE))
      / (CAST(6.283185307179586 AS DOUBLE) * CAST(0.0025 AS DOUBLE) * CAST(0.0025 AS DOUBLE) * CAST(n.sanitation_count AS DOUBLE))
  END AS heat_sanitation
FROM inspections AS i
LEFT JOIN history AS h ON h.inspection_id = i.inspection_id
LEFT JOIN licences AS l ON l.license_number = i.license_number
LEFT JOIN weather AS w1 ON w1.day_number = i.day_number - 1
LEFT JOIN weather AS w2 ON w2.day_number = i.day_number - 2
LEFT JOIN weather AS w3 ON w3.day_number = i.day_number - 3
LEFT JOIN window_counts AS n ON n.day_number = i.day_number
LEFT JOIN heat ON heat.inspection_id = i.inspection_id

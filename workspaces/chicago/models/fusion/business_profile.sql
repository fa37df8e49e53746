-- One row per business licence: the register, what inspectors found there, how often the other system saw a visit,
-- and how many sanitation complaints came from around it.
WITH inspections AS (
  SELECT
    license_number,
    COUNT(*) AS inspection_count,
    SUM(CASE WHEN outcome = 'fail' THEN 1 ELSE 0 END) AS fail_count,
    SUM(CASE WHEN outcome = 'pass_with_conditions' THEN 1 ELSE 0 END) AS conditional_count,
    SUM(critical_count) AS critical_count,
    SUM(serious_count) AS serious_count,
    SUM(minor_count) AS minor_count,
    MIN(inspection_date) AS first_inspection_date,
    MAX(inspection_date) AS last_inspection_date
  FROM thematic.food_inspection
  WHERE license_number IS NOT NULL
  GROUP BY license_number
),
ranked AS (
  SELECT
    license_number, outcome, risk_level, facility_group,
    ROW_NUMBER() OVER (PARTITION BY license_number ORDER BY inspection_date DESC, inspection_id DESC) AS position
  FROM thematic.food_inspection
  WHERE license_number IS NOT NULL
),
visits AS (
  SELECT
    license_number,
    COUNT(*) AS visit_count,
    COUNT(DISTINCT inspector) AS visitor_count,
    SUM(CASE WHEN purpose_group = 'complaint' THEN 1 ELSE 0 END) AS complaint_visit_count,
    SUM(CASE WHEN purpose_group = 'food_poisoning' THEN 1 ELSE 0 END) AS food_poisoning_visit_count,
    MAX(visit_date) AS last_visit_date
  FROM base.inspector_visit
  WHERE license_number IS NOT NULL
  GROUP BY license_number
),
-- Around it: within 0.0025 degrees (some 280 m by 210 m) in each direction, found through cells of that size.
complaints AS (
  SELECT
    creation_date,
    latitude,
    longitude,
    CAST(FLOOR(latitude / CAST(0.0025 AS DOUBLE)) AS BIGINT) AS cell_y,
    CAST(FLOOR(longitude / CAST(0.0025 AS DOUBLE)) AS BIGINT) AS cell_x
  FROM thematic.sanitation
  WHERE latitude IS NOT NULL AND longitude IS NOT NULL AND NOT is_duplicate
),
latest AS (
  SELECT MAX(creation_date) AS latest_date FROM complaints
),
steps AS (
  SELECT -1 AS step UNION ALL SELECT 0 AS step UNION ALL SELECT 1 AS step
),
business_cells AS (
  SELECT
    b.license_number,
    b.latitude,
    b.longitude,
    CAST(FLOOR(b.latitude / CAST(0.0025 AS DOUBLE)) AS BIGINT) + sy.step AS cell_y,
    CAST(FLOOR(b.longitude / CAST(0.0025 AS DOUBLE)) AS BIGINT) + sx.step AS cell_x
  FROM base.business AS b
  CROSS JOIN steps AS sy
  CROSS JOIN steps AS sx
  WHERE b.latitude IS NOT NULL AND b.longitude IS NOT NULL
),
nearby AS (
  SELECT
    b.license_number,
    COUNT(*) AS complaint_count,
    SUM(CASE WHEN date_diff('day', c.creation_date, l.latest_date) < 365 THEN 1 ELSE 0 END) AS last_year_count
  FROM business_cells AS b
  INNER JOIN complaints AS c ON c.cell_y = b.cell_y AND c.cell_x = b.cell_x
  CROSS JOIN latest AS l
  WHERE ABS(c.latitude - b.latitude) <= CAST(0.0025 AS DOUBLE) AND ABS(c.longitude - b.longitude) <= CAST(0.0025 AS DOUBLE)
  GROUP BY b.license_number
)
SELECT
  b.license_number,
  b.trade_name,
  b.street_address,
  b.zip_code,
  b.ward,
  b.police_district,
  b.latitude,
  b.longitude,
  b.license_description,
  b.license_status,
  b.first_term_start,
  b.last_term_expiration,
  b.trade_name_count,
  CAST(COALESCE(i.inspection_count, 0) AS BIGINT) AS inspection_count,
  CAST(COALESCE(i.fail_count, 0) AS BIGINT) AS fail_count,
  CAST(COALESCE(i.conditional_count, 0) AS BIGINT) AS conditional_count,
  CAST(COALESCE(i.critical_count, 0) AS BIGINT) AS critical_count,
  CAST(COALESCE(i.serious_count, 0) AS BIGINT) AS serious_count,
  CAST(COALESCE(i.minor_count, 0) AS BIGINT) AS minor_count,
  i.first_inspection_date,
  i.last_inspection_date,
  r.outcome AS last_outcome,
  r.risk_level,
  r.facility_group,
  CAST(COALESCE(v.visit_count, 0) AS BIGINT) AS visit_count,
  CAST(COALESCE(v.visitor_count, 0) AS BIGINT) AS visitor_count,
  CAST(COALESCE(v.complaint_visit_count, 0) AS BIGINT) AS complaint_visit_count,
  CAST(COALESCE(v.food_poisoning_visit_count, 0) AS BIGINT) AS food_poisoning_visit_count,
  v.last_visit_date,
  -- Unknown, not zero, where the business has no coordinates.
  CASE WHEN b.latitude IS NOT NULL AND b.longitude IS NOT NULL THEN CAST(COALESCE(n.complaint_count, 0) AS BIGINT) END AS nearby_complaint_count,
  CASE WHEN b.latitude IS NOT NULL AND b.longitude IS NOT NULL THEN CAST(COALESCE(n.last_year_count, 0) AS BIGINT) END AS nearby_complaint_last_year_count
FROM base.business AS b
LEFT JOIN inspections AS i ON i.license_number = b.license_number
LEFT JOIN ranked AS r ON r.license_number = b.license_number AND r.position = 1
LEFT JOIN visits AS v ON v.license_number = b.license_number
LEFT JOIN nearby AS n ON n.license_number = b.license_number

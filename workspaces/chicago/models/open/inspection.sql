-- One row per inspection, told so coarsely that at least 20 rows agree in area, kinds, risk and quarter. No name,
-- address, licence or inspector. Where fewer than 20 rows agree the area is left out, and where that does not help
-- the row is. The row number follows from the row's own values, so it tells nothing of the register.
WITH coarse AS (
  SELECT
    mask_grid(longitude, latitude, 10000) AS area,
    CASE WHEN facility_group IN ('restaurant', 'grocery', 'school') THEN facility_group ELSE 'other' END AS facility_kind,
    CASE WHEN risk_level = 1 THEN 'high' WHEN risk_level IN (2, 3) THEN 'medium_or_low' ELSE 'unknown' END AS risk,
    CASE WHEN inspection_type LIKE 'Canvass%' THEN 'canvass' WHEN inspection_type LIKE '%omplaint%' THEN 'complaint' ELSE 'other' END AS inspection_kind,
    mask_date(inspection_date, 'quarter') AS quarter,
    outcome,
    CASE WHEN critical_count = 0 THEN 'none' WHEN critical_count = 1 THEN 'one' WHEN critical_count > 1 THEN 'several' ELSE 'unknown' END AS critical_violations,
    CASE WHEN serious_count = 0 THEN 'none' WHEN serious_count = 1 THEN 'one' WHEN serious_count > 1 THEN 'several' ELSE 'unknown' END AS serious_violations,
    CASE WHEN minor_count <= 2 THEN 'up_to_2' WHEN minor_count <= 5 THEN '3_to_5' WHEN minor_count > 5 THEN '6_or_more' ELSE 'unknown' END AS minor_violations
  FROM thematic.food_inspection
),
placed AS (
  SELECT
    CASE
      WHEN COUNT(*) OVER (PARTITION BY area, facility_kind, risk, inspection_kind, quarter) >= 20 THEN area
    END AS area,
    facility_kind, risk, inspection_kind, quarter, outcome, critical_violations, serious_violations, minor_violations
  FROM coarse
),
kept AS (
  SELECT
    area, facility_kind, risk, inspection_kind, quarter, outcome, critical_violations, serious_violations, minor_violations
  FROM placed
  QUALIFY COUNT(*) OVER (PARTITION BY area, facility_kind, risk, inspection_kind, quarter) >= 20
)
SELECT
  ROW_NUMBER() OVER (
    ORDER BY quarter, area NULLS LAST, facility_kind, risk, inspection_kind, outcome, critical_violations, serious_violations,
      minor_violations
  ) AS line_number,
  quarter,
  area,
  facility_kind,
  risk,
  inspection_kind,
  outcome,
  critical_violations,
  serious_violations,
  minor_violations
FROM kept

-- One row per inspection: outcome, violations, sanitarian, and a facility type that can be grouped by.
WITH inspections AS (
  SELECT
    inspection_id, license_number, dba_name, facility_type, risk, address, zip_code, inspection_date, inspection_type, results,
    latitude, longitude, critical_count, serious_count, minor_count,
    COALESCE(LOWER(facility_type), '') AS facility_text
  FROM raw.public_health__food_inspections
)
SELECT
  i.inspection_id,
  i.license_number,
  i.dba_name AS trade_name,
  i.facility_type,
  CASE
    WHEN i.facility_text = '' THEN 'unknown'
    WHEN i.facility_text LIKE '%restaurant%' OR i.facility_text LIKE '%golden diner%' OR i.facility_text LIKE '%cafe%'
      OR i.facility_text LIKE '%coffee%' THEN 'restaurant'
    WHEN i.facility_text LIKE '%long term care%' OR i.facility_text LIKE '%nursing%' OR i.facility_text LIKE '%assisted living%'
      OR i.facility_text LIKE '%support%living%' OR i.facility_text LIKE '%senior%' OR i.facility_text LIKE '%adult%' THEN 'long_term_care'
    WHEN i.facility_text LIKE '%day%care%' OR i.facility_text LIKE '%children%' OR i.facility_text LIKE '%childern%'
      OR i.facility_text LIKE '%after school%' THEN 'childcare'
    WHEN i.facility_text LIKE '%school%' OR i.facility_text LIKE '%shcool%' OR i.facility_text LIKE '%college%'
      OR i.facility_text LIKE '%university%' THEN 'school'
    WHEN i.facility_text LIKE '%grocery%' OR i.facility_text LIKE '%convenience%' OR i.facility_text LIKE '%gas station%'
      OR i.facility_text LIKE '%store%' THEN 'grocery'
    WHEN i.facility_text LIKE '%bakery%' THEN 'bakery'
    WHEN i.facility_text LIKE '%cater%' OR i.facility_text LIKE '%banquet%' THEN 'catering'
    WHEN i.facility_text LIKE '%hospital%' THEN 'hospital'
    WHEN i.facility_text LIKE '%tavern%' OR i.facility_text LIKE '%liquor%' OR i.facility_text LIKE '%bar' THEN 'bar'
    ELSE 'other'
  END AS facility_group,
  CASE WHEN i.risk LIKE 'Risk 1%' THEN 1 WHEN i.risk LIKE 'Risk 2%' THEN 2 WHEN i.risk LIKE 'Risk 3%' THEN 3 END AS risk_level,
  i.address,
  i.zip_code,
  i.latitude,
  i.longitude,
  i.inspection_date,
  i.inspection_type,
  i.results,
  CASE
    WHEN i.results = 'Pass' THEN 'pass'
    WHEN i.results = 'Pass w/ Conditions' THEN 'pass_with_conditions'
    WHEN i.results = 'Fail' THEN 'fail'
    ELSE 'not_inspected'
  END AS outcome,
  CAST(COALESCE(i.critical_count, v.critical_count) AS BIGINT) AS critical_count,
  CAST(COALESCE(i.serious_count, v.serious_count) AS BIGINT) AS serious_count,
  CAST(COALESCE(i.minor_count, v.minor_count) AS BIGINT) AS minor_count,
  COALESCE(i.critical_count, v.critical_count) > 0 AS critical_found,
  -- The two systems are compared, not merged: NULL where the list of counts lacks the inspection.
  i.critical_count = v.critical_count AND i.serious_count = v.serious_count AND i.minor_count = v.minor_count AS counts_agree,
  s.sanitarian
FROM inspections AS i
LEFT JOIN raw.public_health__inspection_violation_counts AS v ON v.inspection_id = i.inspection_id
LEFT JOIN raw.public_health__inspection_sanitarian AS s ON s.inspection_id = i.inspection_id

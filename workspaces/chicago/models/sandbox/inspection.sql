-- One row per canvass inspection of a licence in the register, for questions under differential privacy. Nobody
-- reads a row of it. All inspections of one holder of licences, wherever his premises are, are protected together.
SELECT
  i.inspection_id,
  b.account_number AS enterprise,
  i.inspection_date AS inspected_on,
  CAST(YEAR(i.inspection_date) AS VARCHAR) AS inspection_year,
  i.facility_group,
  CASE WHEN i.risk_level = 1 THEN 'high' WHEN i.risk_level = 2 THEN 'medium' WHEN i.risk_level = 3 THEN 'low' ELSE 'unknown' END AS risk,
  i.outcome,
  i.critical_found,
  i.critical_count,
  i.serious_count,
  i.minor_count
FROM thematic.food_inspection AS i
INNER JOIN base.business AS b ON b.license_number = i.license_number
WHERE b.account_number IS NOT NULL

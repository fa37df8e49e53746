-- One row per holder of food licences (an account of the licence register), for questions under differential
-- privacy. Nobody reads a row of it. What is told of one place is that of the licence whose term began last.
WITH placed AS (
  SELECT
    account_number,
    license_number,
    ward,
    license_description,
    license_status,
    first_term_start,
    ROW_NUMBER() OVER (PARTITION BY account_number ORDER BY current_term_start DESC, license_number DESC) AS position
  FROM base.business
  WHERE account_number IS NOT NULL
),
holders AS (
  SELECT account_number, COUNT(*) AS licences, MIN(first_term_start) AS first_licence
  FROM placed
  GROUP BY account_number
),
inspected AS (
  SELECT
    p.account_number,
    COUNT(*) AS inspections,
    SUM(CASE WHEN i.outcome = 'fail' THEN 1 ELSE 0 END) AS failed,
    SUM(i.critical_count) AS critical
  FROM placed AS p
  INNER JOIN thematic.food_inspection AS i ON i.license_number = p.license_number
  GROUP BY p.account_number
)
SELECT
  p.account_number AS enterprise,
  CASE
    WHEN p.license_description LIKE 'Retail Food%' THEN 'retail_food'
    WHEN p.license_description LIKE 'Day Care%' THEN 'childcare'
    WHEN p.license_description LIKE 'Long-Term Care%' OR p.license_description LIKE 'Hospital%' THEN 'care_and_hospital'
    ELSE 'other'
  END AS licence_kind,
  p.license_status AS licence_status,
  p.ward,
  h.first_licence,
  CAST(h.licences AS BIGINT) AS licences,
  CAST(COALESCE(i.inspections, 0) AS BIGINT) AS inspections,
  CAST(COALESCE(i.failed, 0) AS BIGINT) AS failed_inspections,
  CAST(COALESCE(i.critical, 0) AS BIGINT) AS critical_violations
FROM placed AS p
INNER JOIN holders AS h ON h.account_number = p.account_number
LEFT JOIN inspected AS i ON i.account_number = p.account_number
WHERE p.position = 1

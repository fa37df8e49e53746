-- At which street addresses a licence was seen, by source, as periods: the same method as base.business_name_history.
WITH observations AS (
  SELECT license_number, 'licence' AS source, term_start_date AS observed_on, address, city, zip_code
  FROM raw.business_affairs__business_licenses
  UNION ALL
  SELECT license_number, 'inspection' AS source, inspection_date AS observed_on, address, city, zip_code
  FROM raw.public_health__food_inspections
),
daily AS (
  SELECT
    o.license_number,
    o.source,
    o.observed_on,
    a.street_address,
    o.city,
    o.zip_code,
    ROW_NUMBER() OVER (
      PARTITION BY o.license_number, o.source, o.observed_on ORDER BY a.street_address, o.zip_code NULLS LAST, o.city NULLS LAST
    ) AS position
  FROM observations AS o
  INNER JOIN base.address AS a ON a.address = o.address
  WHERE o.license_number IS NOT NULL
),
changes AS (
  SELECT
    license_number,
    source,
    observed_on,
    street_address,
    city,
    zip_code,
    CASE
      WHEN street_address = LAG(street_address) OVER (PARTITION BY license_number, source ORDER BY observed_on)
      THEN 0 ELSE 1
    END AS is_change
  FROM daily
  WHERE position = 1
),
numbered AS (
  SELECT
    license_number,
    source,
    observed_on,
    street_address,
    city,
    zip_code,
    SUM(is_change) OVER (
      PARTITION BY license_number, source ORDER BY observed_on ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS period
  FROM changes
),
periods AS (
  SELECT
    license_number,
    source,
    period,
    MIN(street_address) AS street_address,
    MIN(city) AS city,
    MIN(zip_code) AS zip_code,
    MIN(observed_on) AS valid_from,
    MAX(observed_on) AS last_observed,
    COUNT(*) AS observation_days
  FROM numbered
  GROUP BY license_number, source, period
)
SELECT
  license_number,
  source,
  valid_from,
  LEAD(valid_from) OVER (PARTITION BY license_number, source ORDER BY valid_from) AS valid_until,
  last_observed,
  street_address,
  city,
  zip_code,
  CAST(observation_days AS BIGINT) AS observation_days,
  LEAD(valid_from) OVER (PARTITION BY license_number, source ORDER BY valid_from) IS NULL AS is_current
FROM periods

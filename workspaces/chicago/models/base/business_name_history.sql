-- Under which names a licence was seen, by source: consecutive observations with the same name (capitals, punctuation
-- and spacing aside) are one period. A period lasts until the next name is first seen in the same source.
WITH observations AS (
  SELECT license_number, 'legal' AS name_kind, 'licence' AS source, term_start_date AS observed_on, legal_name AS name
  FROM raw.business_affairs__business_licenses
  UNION ALL
  SELECT license_number, 'trade' AS name_kind, 'licence' AS source, term_start_date AS observed_on, doing_business_as_name AS name
  FROM raw.business_affairs__business_licenses
  UNION ALL
  SELECT license_number, 'trade' AS name_kind, 'inspection' AS source, inspection_date AS observed_on, dba_name AS name
  FROM raw.public_health__food_inspections
  UNION ALL
  SELECT license_number, 'trade' AS name_kind, 'visit' AS source, visit_date AS observed_on, dba_name AS name
  FROM base.inspector_visit
),
-- One name a day; of several the first in the alphabet, so that the choice is not left to chance.
daily AS (
  SELECT license_number, name_kind, source, observed_on, MIN(name) AS name
  FROM observations
  WHERE license_number IS NOT NULL AND name IS NOT NULL
  GROUP BY license_number, name_kind, source, observed_on
),
normalised AS (
  SELECT
    license_number,
    name_kind,
    source,
    observed_on,
    name,
    TRIM(regexp_replace(UPPER(name), '[ .,;:''"/()*!?_#&-]+', ' ', 'g')) AS name_normalised
  FROM daily
),
changes AS (
  SELECT
    license_number,
    name_kind,
    source,
    observed_on,
    name,
    name_normalised,
    CASE
      WHEN name_normalised = LAG(name_normalised) OVER (PARTITION BY license_number, name_kind, source ORDER BY observed_on)
      THEN 0 ELSE 1
    END AS is_change
  FROM normalised
),
numbered AS (
  SELECT
    license_number,
    name_kind,
    source,
    observed_on,
    name,
    name_normalised,
    SUM(is_change) OVER (
      PARTITION BY license_number, name_kind, source ORDER BY observed_on ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS period
  FROM changes
),
periods AS (
  SELECT
    license_number,
    name_kind,
    source,
    period,
    MIN(name) AS name,
    MIN(name_normalised) AS name_normalised,
    MIN(observed_on) AS valid_from,
    MAX(observed_on) AS last_observed,
    COUNT(*) AS observation_days
  FROM numbered
  GROUP BY license_number, name_kind, source, period
)
SELECT
  license_number,
  name_kind,
  source,
  valid_from,
  LEAD(valid_from) OVER (PARTITION BY license_number, name_kind, source ORDER BY valid_from) AS valid_until,
  last_observed,
  name,
  name_normalised,
  CAST(observation_days AS BIGINT) AS observation_days,
  LEAD(valid_from) OVER (PARTITION BY license_number, name_kind, source ORDER BY valid_from) IS NULL AS is_current
FROM periods

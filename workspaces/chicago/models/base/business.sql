-- The licence register: one row per licence number, as its latest term has it.
WITH ranked AS (
  SELECT
    license_number,
    account_number,
    legal_name,
    doing_business_as_name,
    address,
    city,
    state,
    zip_code,
    ward,
    precinct,
    police_district,
    latitude,
    longitude,
    license_code,
    license_description,
    business_activity,
    license_status,
    term_start_date,
    ROW_NUMBER() OVER (
      PARTITION BY license_number
      ORDER BY term_start_date DESC, term_expiration_date DESC NULLS LAST, license_term_id DESC
    ) AS position
  FROM raw.business_affairs__business_licenses
),
terms AS (
  SELECT
    license_number,
    COUNT(*) AS term_count,
    MIN(term_start_date) AS first_term_start,
    MAX(term_expiration_date) AS last_term_expiration
  FROM raw.business_affairs__business_licenses
  GROUP BY license_number
),
names AS (
  SELECT
    license_number,
    COUNT(DISTINCT CASE WHEN name_kind = 'legal' THEN name_normalised END) AS legal_name_count,
    COUNT(DISTINCT CASE WHEN name_kind = 'trade' THEN name_normalised END) AS trade_name_count
  FROM base.business_name_history
  GROUP BY license_number
),
addresses AS (
  SELECT license_number, COUNT(DISTINCT street_address) AS address_count
  FROM base.business_address_history
  GROUP BY license_number
)
SELECT
  r.license_number,
  r.account_number,
  r.legal_name,
  r.doing_business_as_name AS trade_name,
  r.address,
  a.street_address,
  r.city,
  r.state,
  r.zip_code,
  r.ward,
  r.precinct,
  r.police_district,
  r.latitude,
  r.longitude,
  r.license_code,
  r.license_description,
  r.business_activity,
  r.license_status,
  r.term_start_date AS current_term_start,
  t.first_term_start,
  t.last_term_expiration,
  CAST(t.term_count AS BIGINT) AS term_count,
  CAST(COALESCE(n.legal_name_count, 0) AS BIGINT) AS legal_name_count,
  CAST(COALESCE(n.trade_name_count, 0) AS BIGINT) AS trade_name_count,
  CAST(COALESCE(d.address_count, 0) AS BIGINT) AS address_count
FROM ranked AS r
INNER JOIN terms AS t ON t.license_number = r.license_number
LEFT JOIN base.address AS a ON a.address = r.address
LEFT JOIN names AS n ON n.license_number = r.license_number
LEFT JOIN addresses AS d ON d.license_number = r.license_number
WHERE r.position = 1

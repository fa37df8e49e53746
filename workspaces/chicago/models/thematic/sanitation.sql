-- One row per request: of a request that is listed several times the one closed last stays.
WITH ranked AS (
  SELECT
    service_request_number, creation_date, status, completion_date, nature, street_address, zip_code, ward, police_district,
    community_area, latitude, longitude,
    COUNT(*) OVER (PARTITION BY service_request_number) AS source_row_count,
    ROW_NUMBER() OVER (
      PARTITION BY service_request_number
      ORDER BY completion_date DESC NULLS LAST, creation_date DESC, status, nature NULLS LAST, street_address NULLS LAST,
        latitude NULLS LAST, longitude NULLS LAST, zip_code NULLS LAST, ward NULLS LAST, police_district NULLS LAST,
        community_area NULLS LAST
    ) AS position
  FROM raw.hotline_311__sanitation_complaints_311
)
SELECT
  r.service_request_number,
  r.creation_date,
  CAST(date_trunc('month', r.creation_date) AS DATE) AS creation_month,
  r.status,
  r.status LIKE 'Open%' AS is_open,
  r.status LIKE '%Dup' AS is_duplicate,
  r.completion_date,
  CAST(date_diff('day', r.creation_date, r.completion_date) AS BIGINT) AS days_to_completion,
  r.nature,
  CASE
    WHEN r.nature IS NULL THEN 'unknown'
    WHEN r.nature LIKE 'Garbage%' OR r.nature LIKE 'Dumpster%' OR r.nature LIKE 'Overflowing%' THEN 'garbage'
    WHEN r.nature LIKE 'Dog%' OR r.nature LIKE 'Standing water%' THEN 'hygiene'
    WHEN r.nature LIKE 'Construction%' THEN 'construction'
    ELSE 'other'
  END AS nature_group,
  r.street_address AS address,
  a.street_address,
  r.zip_code,
  r.ward,
  r.police_district,
  r.community_area,
  r.latitude,
  r.longitude,
  CAST(r.source_row_count AS BIGINT) AS source_row_count
FROM ranked AS r
LEFT JOIN base.address AS a ON a.address = r.street_address
WHERE r.position = 1

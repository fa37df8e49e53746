-- Distinct places that licences, inspections and complaints name: one row per street address and ZIP code.
-- A missing ZIP code is taken from another mention of the same street address.
WITH mentions AS (
  SELECT
    'licence' AS source, 1 AS source_rank, license_term_id AS record_id, term_start_date AS observed_on, address,
    zip_code, city, latitude, longitude, ward, police_district, CAST(NULL AS VARCHAR) AS community_area
  FROM raw.business_affairs__business_licenses
  UNION ALL
  SELECT
    'inspection' AS source, 2 AS source_rank, CAST(inspection_id AS VARCHAR) AS record_id, inspection_date AS observed_on, address,
    zip_code, city, latitude, longitude, CAST(NULL AS VARCHAR) AS ward, CAST(NULL AS VARCHAR) AS police_district,
    CAST(NULL AS VARCHAR) AS community_area
  FROM raw.public_health__food_inspections
  UNION ALL
  SELECT
    'complaint' AS source, 3 AS source_rank, service_request_number AS record_id, creation_date AS observed_on,
    street_address AS address, zip_code, CAST(NULL AS VARCHAR) AS city, latitude, longitude, ward, police_district, community_area
  FROM raw.hotline_311__sanitation_complaints_311
),
keyed AS (
  SELECT
    a.street_address,
    COALESCE(m.zip_code, MAX(m.zip_code) OVER (PARTITION BY a.street_address)) AS zip_code,
    m.source, m.source_rank, m.record_id, m.observed_on, m.city, m.latitude, m.longitude, m.ward, m.police_district, m.community_area
  FROM mentions AS m
  INNER JOIN base.address AS a ON a.address = m.address
),
identified AS (
  SELECT
    CASE WHEN zip_code IS NULL THEN street_address ELSE concat(street_address, ', ', zip_code) END AS place_id,
    street_address, zip_code, source, source_rank, record_id, observed_on, city, latitude, longitude, ward, police_district, community_area
  FROM keyed
),
-- Each attribute comes from the mention that is best for it: coordinates from the most carefully geocoded source,
-- districts from the most recent mention. Every order ends in a value that makes it total.
ordered AS (
  SELECT
    place_id, source, record_id, city, latitude, longitude, ward, police_district, community_area,
    ROW_NUMBER() OVER (
      PARTITION BY place_id
      ORDER BY CASE WHEN latitude IS NULL OR longitude IS NULL THEN 1 ELSE 0 END, source_rank, observed_on DESC, record_id, latitude, longitude
    ) AS by_point,
    ROW_NUMBER() OVER (
      PARTITION BY place_id ORDER BY CASE WHEN city IS NULL THEN 1 ELSE 0 END, source_rank, observed_on DESC, record_id, city
    ) AS by_city,
    ROW_NUMBER() OVER (
      PARTITION BY place_id ORDER BY CASE WHEN ward IS NULL THEN 1 ELSE 0 END, observed_on DESC, source_rank, record_id, ward
    ) AS by_ward,
    ROW_NUMBER() OVER (
      PARTITION BY place_id
      ORDER BY CASE WHEN police_district IS NULL THEN 1 ELSE 0 END, observed_on DESC, source_rank, record_id, police_district
    ) AS by_district,
    ROW_NUMBER() OVER (
      PARTITION BY place_id
      ORDER BY CASE WHEN community_area IS NULL THEN 1 ELSE 0 END, observed_on DESC, source_rank, record_id, community_area
    ) AS by_area
  FROM identified
),
attributes AS (
  SELECT
    place_id,
    MAX(CASE WHEN by_point = 1 THEN latitude END) AS latitude,
    MAX(CASE WHEN by_point = 1 THEN longitude END) AS longitude,
    MAX(CASE WHEN by_city = 1 THEN city END) AS city,
    MAX(CASE WHEN by_ward = 1 THEN ward END) AS ward,
    MAX(CASE WHEN by_district = 1 THEN police_district END) AS police_district,
    MAX(CASE WHEN by_area = 1 THEN community_area END) AS community_area
  FROM ordered
  GROUP BY place_id
),
counts AS (
  SELECT
    place_id,
    MIN(street_address) AS street_address,
    MIN(zip_code) AS zip_code,
    COUNT(DISTINCT CASE WHEN source = 'licence' THEN record_id END) AS licence_term_count,
    COUNT(DISTINCT CASE WHEN source = 'inspection' THEN record_id END) AS inspection_count,
    COUNT(DISTINCT CASE WHEN source = 'complaint' THEN record_id END) AS complaint_count
  FROM identified
  GROUP BY place_id
)
SELECT
  c.place_id,
  c.street_address,
  c.zip_code,
  a.city,
  a.latitude,
  a.longitude,
  a.ward,
  a.police_district,
  a.community_area,
  CAST(c.licence_term_count AS BIGINT) AS licence_term_count,
  CAST(c.inspection_count AS BIGINT) AS inspection_count,
  CAST(c.complaint_count AS BIGINT) AS complaint_count
FROM counts AS c
INNER JOIN attributes AS a ON a.place_id = c.place_id

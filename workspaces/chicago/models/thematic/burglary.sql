-- One row per burglary record: of a record that is listed several times the one updated last stays.
WITH ranked AS (
  SELECT
    burglary_id, case_number, occurrence_date, block, iucr, crime_description, location_description, arrest, domestic, beat,
    police_district, ward, community_area, updated_on, latitude, longitude,
    COALESCE(UPPER(location_description), '') AS location_text,
    COUNT(*) OVER (PARTITION BY burglary_id) AS source_row_count,
    ROW_NUMBER() OVER (
      PARTITION BY burglary_id
      ORDER BY updated_on DESC NULLS LAST, occurrence_date DESC, case_number NULLS LAST, block NULLS LAST, iucr NULLS LAST,
        latitude NULLS LAST, longitude NULLS LAST, location_description NULLS LAST, crime_description NULLS LAST,
        arrest NULLS LAST, domestic NULLS LAST, beat NULLS LAST, police_district NULLS LAST, ward NULLS LAST,
        community_area NULLS LAST
    ) AS position
  FROM raw.police__burglaries_police
)
SELECT
  burglary_id,
  case_number,
  occurrence_date,
  CAST(date_trunc('month', occurrence_date) AS DATE) AS occurrence_month,
  block,
  iucr,
  CASE
    WHEN iucr = '0610' THEN 'forcible_entry'
    WHEN iucr = '0620' THEN 'unlawful_entry'
    WHEN iucr = '0630' THEN 'attempt'
    WHEN iucr = '0650' THEN 'home_invasion'
    ELSE 'other'
  END AS entry_kind,
  location_description,
  CASE
    WHEN location_text = '' THEN 'unknown'
    WHEN location_text LIKE '%RESTAURANT%' OR location_text LIKE '%TAVERN%' OR location_text LIKE '%BAR OR%' THEN 'food_and_drink'
    WHEN location_text LIKE 'RESIDENCE%' OR location_text LIKE 'APARTMENT%' OR location_text LIKE 'CHA %'
      OR location_text LIKE '%NURSING%' THEN 'home'
    WHEN location_text LIKE '%STORE%' OR location_text LIKE '%OFFICE%' OR location_text LIKE '%COMMERCIAL%'
      OR location_text LIKE '%GAS STATION%' OR location_text LIKE '%WAREHOUSE%' OR location_text LIKE '%BARBER%' THEN 'business'
    ELSE 'other'
  END AS location_group,
  arrest,
  domestic,
  beat,
  police_district,
  ward,
  community_area,
  latitude,
  longitude,
  CAST(source_row_count AS BIGINT) AS source_row_count
FROM ranked
WHERE position = 1

-- Visits of the inspector log, with the licence number taken out of the licence field: the digits behind an optional
-- letter prefix, up to the first other sign ('CPS1047081', '1047845-O.B.', '14616-BR2-127').
WITH visits AS (
  SELECT
    inspector, dba_name, address, license_text, visit_date, purpose,
    COALESCE(LOWER(purpose), '') AS purpose_text,
    NULLIF(regexp_extract(license_text, '^[A-Za-z]*0*([1-9][0-9]*)', 1), '') AS license_number
  FROM raw.inspector_log__inspector_visit_log
)
SELECT
  license_number,
  license_text,
  inspector,
  dba_name,
  address,
  NULLIF(regexp_extract(address, '([0-9]{5})(-[0-9]{4})? *$', 1), '') AS zip_code,
  visit_date,
  purpose,
  CASE
    WHEN purpose_text = '' THEN 'unknown'
    WHEN purpose_text LIKE '%canvas%' THEN 'canvass'
    WHEN purpose_text LIKE '%complain%' THEN 'complaint'
    WHEN purpose_text LIKE '%poisoning%' OR purpose_text LIKE '%sfp%' THEN 'food_poisoning'
    WHEN purpose_text LIKE '%task%force%' OR purpose_text LIKE '%license task%' OR purpose_text LIKE '%liquor%' THEN 'task_force'
    WHEN purpose_text LIKE '%license%' THEN 'license'
    ELSE 'other'
  END AS purpose_group,
  purpose_text LIKE '%re-inspection%' OR purpose_text LIKE '%reinspection%' AS is_reinspection
FROM visits

-- A row number with an order of its own counts its frame: all are the first.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
WITH d AS (SELECT village, school FROM raw.city__school QUALIFY row_number(ORDER BY school) OVER (PARTITION BY village ORDER BY school ROWS BETWEEN CURRENT ROW AND CURRENT ROW) = 1)
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN d ON d.village = p.village WHERE p.hiv GROUP BY p.village

-- The same behind a star.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, t.* FROM raw.health__patient p, (SELECT 1 AS u UNION ALL SELECT 2) AS t WHERE p.hiv) GROUP BY village

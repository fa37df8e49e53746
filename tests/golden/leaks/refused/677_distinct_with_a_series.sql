-- A series has no origin, and makes a hundred rows of each patient.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, v.x FROM raw.health__patient p, generate_series(1, 100) AS v(x) WHERE p.hiv) GROUP BY village

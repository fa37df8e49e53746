-- A join repeats patients, DISTINCT undoes it.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id FROM raw.health__patient p JOIN raw.city__school s ON s.village = p.village WHERE p.hiv) GROUP BY village

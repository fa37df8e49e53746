-- Patients that one or the other is true of: UNION gives each once.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.age, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT p.village, p.patient_id FROM raw.health__patient p WHERE p.hiv UNION SELECT p.village, p.patient_id FROM raw.health__patient p WHERE p.age > 60) GROUP BY village

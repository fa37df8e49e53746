-- A list repeats patients, DISTINCT gives each once again.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, p.hiv FROM raw.health__patient p, range(3) AS t(u) WHERE p.hiv) GROUP BY village

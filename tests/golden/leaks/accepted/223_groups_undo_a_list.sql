-- A list repeats patients, groups by their number give each once again.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT p.village, p.patient_id, max(u) AS m FROM raw.health__patient p, range(3) AS t(u) WHERE p.hiv GROUP BY p.village, p.patient_id) GROUP BY village

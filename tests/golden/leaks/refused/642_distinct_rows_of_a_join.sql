-- Rows are distinct by their day, and each patient is there on all of them.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.age, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, d.day FROM raw.health__patient p, raw.city__day d WHERE p.hiv) GROUP BY village

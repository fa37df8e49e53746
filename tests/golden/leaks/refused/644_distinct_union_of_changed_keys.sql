-- UNION of a key and the key changed: two rows for each patient.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.age, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT p.village, p.patient_id FROM raw.health__patient p WHERE p.hiv UNION SELECT p.village, p.patient_id + 1 AS patient_id FROM raw.health__patient p WHERE p.hiv) GROUP BY village

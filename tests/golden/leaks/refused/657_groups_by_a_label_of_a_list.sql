-- Groups by a label of what a list has made.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT p.village, p.patient_id, u + 1 AS w FROM raw.health__patient p, range(3) AS t(u) WHERE p.hiv GROUP BY 1, 2, w) GROUP BY village

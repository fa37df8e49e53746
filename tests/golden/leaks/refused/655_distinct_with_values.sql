-- The same with VALUES.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, t.u FROM raw.health__patient p, (VALUES (1),(2)) AS t(u) WHERE p.hiv) GROUP BY village

-- The same in base.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
-- model base.p
SELECT DISTINCT p.village, p.patient_id, p.hiv, v.x FROM raw.health__patient p, generate_series(1, 100) AS v(x)
-- model open.answer
SELECT village, count(*) AS n FROM base.p WHERE hiv GROUP BY village

-- The same in base.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
-- model base.p
SELECT DISTINCT p.village, p.patient_id, p.hiv FROM raw.health__patient p JOIN raw.city__school s ON s.village = p.village
-- model open.answer
SELECT village, count(*) AS n FROM base.p WHERE hiv GROUP BY village

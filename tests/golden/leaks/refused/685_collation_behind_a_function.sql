-- A column has a collation, and trim keeps it.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
-- field base.k.k: primaryKey: true
-- model base.k
SELECT * FROM (VALUES ('NORTH'), ('north'), ('North'), ('nORTH')) AS t(k)
-- model open.answer
WITH p AS (SELECT village, village COLLATE NOCASE AS v, hiv FROM raw.health__patient)
SELECT p.village, count(*) AS n FROM p JOIN base.k AS d ON d.k = trim(p.v) WHERE p.hiv GROUP BY p.village

-- A collation goes through a cast: four keys are equal to one.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
-- field base.k.k: primaryKey: true
-- model base.k
SELECT * FROM (VALUES ('NORTH'), ('north'), ('North'), ('nORTH')) AS t(k)
-- model open.answer
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN base.k AS d ON d.k = CAST(p.village COLLATE NOCASE AS VARCHAR) WHERE p.hiv GROUP BY p.village

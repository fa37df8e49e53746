-- The same, united in base already.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.p
SELECT village, sex, hiv FROM raw.health__patient
-- model base.u
SELECT village, hiv FROM base.p UNION ALL SELECT village, hiv FROM raw.health__patient
-- model open.answer
SELECT village, count(*) AS n FROM base.u WHERE hiv GROUP BY village

-- The filter stands two models earlier; the release justifies it.
-- justification: raw.health__patient.diagnosis
-- model base.step
SELECT village, sex FROM raw.health__patient WHERE diagnosis IN ('J11', 'I10')
-- model thematic.step
SELECT village, count(*) AS n FROM base.step GROUP BY village
-- model open.answer
SELECT village, n FROM thematic.step

-- base, thematic, fusion, open.
-- model base.step
SELECT village, sex, cost, visit_date FROM raw.health__patient
-- model thematic.step
SELECT village, sex, count(*) AS visits FROM base.step GROUP BY village, sex
-- model fusion.step
SELECT v.district, t.sex, t.visits FROM thematic.step AS t JOIN raw.city__village AS v ON v.village = t.village
-- model open.answer
SELECT district, sex, CAST(sum(visits) AS BIGINT) AS visits FROM fusion.step GROUP BY district, sex

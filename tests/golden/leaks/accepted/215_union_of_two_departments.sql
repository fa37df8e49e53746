-- Two departments' rows, each with its district looked up, are counted together.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.a
SELECT p.village, v.district, p.hiv FROM raw.health__patient p LEFT JOIN raw.city__village v ON v.village = p.village
-- model base.b
SELECT p.village, v.district, p.speed > 50 AS hiv FROM raw.police__sighting p LEFT JOIN raw.city__village v ON v.village = p.village
-- model open.answer
SELECT district, count(*) AS n FROM (SELECT district, hiv FROM base.a UNION ALL SELECT district, hiv FROM base.b) WHERE hiv GROUP BY district

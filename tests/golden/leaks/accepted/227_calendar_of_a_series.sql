-- A calendar made by a series, each day once, is looked up.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.visit_date
-- field base.cal.day: primaryKey: true
-- model base.cal
SELECT day, m FROM (SELECT d::DATE AS day, month(d) AS m FROM generate_series(DATE '2026-01-01', DATE '2026-12-31', INTERVAL 1 DAY) AS t(d))
-- model open.answer
SELECT c.m, count(*) AS n FROM raw.health__patient p LEFT JOIN base.cal AS c ON c.day = p.visit_date WHERE p.hiv GROUP BY c.m

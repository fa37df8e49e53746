-- The first of each phone, by its number, is one.
-- field base.t.phone: unique: true
-- justification: raw.health__patient.phone, raw.health__patient.visit_date
-- model base.t
SELECT * EXCLUDE (nth) FROM (SELECT phone, village, row_number() OVER (PARTITION BY phone ORDER BY visit_date) AS nth FROM raw.health__patient) AS numbered WHERE nth = 1
-- model open.answer
SELECT village FROM base.t

-- A group key is given once.
-- field base.t.phone: unique: true
-- justification: raw.health__patient.phone
-- model base.t
SELECT phone, count(*) AS n FROM raw.health__patient GROUP BY phone
-- model open.answer
SELECT v.village, v.population FROM raw.city__village v WHERE EXISTS (SELECT 1 FROM base.t)

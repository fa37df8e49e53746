-- A dictionary with two spellings of each name, united.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- field base.d.name: primaryKey: true
-- model base.d
SELECT village AS name, district FROM raw.city__village UNION SELECT village || ' village' AS name, district FROM raw.city__village
-- model open.answer
SELECT d.district, count(*) AS n FROM raw.health__patient p JOIN base.d AS d ON d.name = p.village WHERE p.hiv GROUP BY d.district

-- Villages are counted, and few of them find a patient.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- field base.b.village: primaryKey: true
-- model base.b
SELECT village, max(cost) AS cost FROM raw.health__patient WHERE hiv GROUP BY village
-- model base.j
SELECT v.village, v.district, b.cost FROM raw.city__village v LEFT JOIN base.b AS b ON b.village = v.village
-- model open.answer
SELECT district, count(*) AS n, mask_round(avg(cost), 100) AS c FROM base.j GROUP BY district

-- Groups of several depths in base: a patient stands in each of them.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.p
SELECT village, sex, count(*) AS k FROM raw.health__patient WHERE hiv GROUP BY GROUPING SETS ((village, sex), (village), (sex), ())
-- model open.answer
SELECT village, count(*) AS n FROM base.p GROUP BY village

-- Groups by day of patients that stand there on every day.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.p
SELECT p.village, d.day, count(*) AS k FROM raw.health__patient p CROSS JOIN raw.city__day d WHERE hiv GROUP BY ALL
-- model open.answer
SELECT village, count(*) AS n FROM base.p GROUP BY village

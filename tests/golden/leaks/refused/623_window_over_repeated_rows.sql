-- Every count four times as large, for a list of four days; the window makes the join look like groups.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH j AS (SELECT p.village, p.sex, sum(d.holiday::INT) OVER () AS h FROM raw.health__patient p CROSS JOIN raw.city__day d WHERE p.hiv) SELECT village, sex, count(*) AS n FROM j GROUP BY village, sex

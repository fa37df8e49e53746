-- A join that repeats rows, behind a window.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH j AS (SELECT p.village, max(s.pupils) OVER () AS m FROM raw.health__patient p JOIN raw.city__school s ON s.village = p.village WHERE p.hiv) SELECT village, count(*) AS n FROM j GROUP BY village

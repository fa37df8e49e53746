-- The parts of a window are named elsewhere: its first rows are many.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH d AS (SELECT village, row_number() OVER w AS rn FROM raw.city__school WINDOW w AS (PARTITION BY village ORDER BY school))
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN d ON d.rn = 1 WHERE p.hiv GROUP BY p.village

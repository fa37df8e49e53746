-- A count less the one before.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village) SELECT village, n, n - lag(n) OVER (ORDER BY village) AS change FROM c

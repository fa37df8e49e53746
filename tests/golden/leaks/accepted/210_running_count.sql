-- Counts and their running total.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village) SELECT village, n, (sum(n) OVER (ORDER BY village))::BIGINT AS running FROM c

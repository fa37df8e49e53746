-- Each village's share of all that are counted.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village) SELECT village, n, round(100.0 * n / sum(n) OVER (), 1) AS share FROM c

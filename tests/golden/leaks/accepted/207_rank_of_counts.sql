-- Villages ranked by their counts: a window over counts makes no groups of its own.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village) SELECT village, n, rank() OVER (ORDER BY n DESC) AS place FROM c

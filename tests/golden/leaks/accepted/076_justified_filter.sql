-- Cases of one diagnosis, which the health bureau allows.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village

-- Two tables one below the other.
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n FROM (SELECT village FROM raw.health__patient UNION ALL SELECT village FROM raw.city__school) AS u GROUP BY village

-- A semi join keeps rows, it repeats none.
-- release: {kind: statistics, count: n}
SELECT p.village, count(*) AS n FROM raw.health__patient AS p SEMI JOIN raw.city__school AS s ON s.village = p.village GROUP BY p.village

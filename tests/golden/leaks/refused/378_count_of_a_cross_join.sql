-- Every patient is counted once for each day: one alone looks like many.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT village, count(*) AS n FROM raw.health__patient CROSS JOIN raw.city__day GROUP BY village

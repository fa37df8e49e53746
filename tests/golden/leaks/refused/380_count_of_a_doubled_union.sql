-- The same patients from both sides.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT village, count(*) AS n FROM (SELECT village FROM raw.health__patient UNION ALL SELECT village FROM raw.health__patient) AS u GROUP BY village

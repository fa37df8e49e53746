-- A list of three makes three of one.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT village, count(*) AS n FROM (SELECT village, unnest([1, 2, 3]) AS k FROM raw.health__patient) AS u GROUP BY village

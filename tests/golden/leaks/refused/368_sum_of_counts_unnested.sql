-- The groups are repeated by a list.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT village, sum(k)::BIGINT AS n FROM (SELECT village, k, unnest([1, 2, 3]) AS i FROM (SELECT village, count(*) AS k FROM raw.health__patient GROUP BY village)) GROUP BY village

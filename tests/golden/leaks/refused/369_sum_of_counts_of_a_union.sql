-- Every row is counted twice.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
WITH c AS (SELECT village, count(*) AS k FROM raw.health__patient GROUP BY village) SELECT village, sum(k)::BIGINT AS n FROM (SELECT * FROM c UNION ALL SELECT * FROM c) GROUP BY village

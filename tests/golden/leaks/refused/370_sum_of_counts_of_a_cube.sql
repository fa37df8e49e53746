-- Every row is counted in several groupings.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT village, sum(k)::BIGINT AS n FROM (SELECT village, sex, count(*) AS k FROM raw.health__patient GROUP BY CUBE (village, sex)) WHERE village IS NOT NULL GROUP BY village

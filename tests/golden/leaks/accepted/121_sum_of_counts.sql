-- A sum of the counts of disjoint groups is a count.
-- release: {kind: statistics, count: n}
SELECT village, sum(k)::BIGINT AS n FROM (SELECT village, sex, count(*) AS k FROM raw.health__patient GROUP BY ALL) GROUP BY village

-- Each group is counted once for every row that it is joined to.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT g.village, sum(k)::BIGINT AS n FROM (SELECT village, sex, count(*) AS k FROM raw.health__patient GROUP BY ALL) AS g CROSS JOIN raw.city__day AS d GROUP BY g.village

-- Two patients of a village are counted four times.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT p.village, count(*) AS n FROM raw.health__patient AS p JOIN raw.health__patient AS q ON q.village = p.village GROUP BY p.village

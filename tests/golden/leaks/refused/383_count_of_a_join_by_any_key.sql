-- OR lets several rows match.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT p.village, count(*) AS n FROM raw.health__patient AS p JOIN raw.city__village AS v ON v.village = p.village OR v.population > 100 GROUP BY p.village

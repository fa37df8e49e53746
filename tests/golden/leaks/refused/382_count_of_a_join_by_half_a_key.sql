-- A village has several schools: its patients are counted for each.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- differs: no (the count is wrong, not secret)
SELECT p.village, count(*) AS n FROM raw.health__patient AS p JOIN raw.city__school AS s ON s.village = p.village GROUP BY p.village

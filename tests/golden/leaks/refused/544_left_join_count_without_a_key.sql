-- Every patient is counted for each school of his village.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT s.village, count(p.village) AS n, mask_round(avg(p.cost), 10) AS c FROM raw.city__school s LEFT JOIN raw.health__patient p USING (village) GROUP BY s.village

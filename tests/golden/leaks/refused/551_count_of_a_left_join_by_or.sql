-- OR lets a village find everybody.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT v.village, count(p.village) AS n, mask_round(max(p.cost), 10) AS c FROM raw.city__village v LEFT JOIN raw.health__patient p ON p.village = v.village OR v.population > 100 GROUP BY v.village

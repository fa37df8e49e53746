-- The same by a left join.
-- release: {kind: statistics, count: n}
SELECT v.village, count(p.village) AS n, mask_round(avg(p.cost), 100) AS c FROM raw.city__village v LEFT JOIN raw.health__patient p ON p.village = v.village GROUP BY v.village

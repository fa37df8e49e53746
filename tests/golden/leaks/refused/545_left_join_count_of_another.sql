-- Schools are counted, patients are shown.
-- refused by: release_count, release_count_other
-- release: {kind: statistics, count: n}
SELECT v.village, count(s.village) AS n, mask_round(max(p.cost), 10) AS c FROM raw.city__village v LEFT JOIN raw.city__school s ON s.village = v.village LEFT JOIN raw.health__patient p ON p.village = v.village GROUP BY v.village

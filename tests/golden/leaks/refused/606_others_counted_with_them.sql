-- Schools are counted with the patients.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS s FROM (SELECT village, cost FROM raw.health__patient UNION ALL SELECT village, NULL AS cost FROM raw.city__school) GROUP BY village

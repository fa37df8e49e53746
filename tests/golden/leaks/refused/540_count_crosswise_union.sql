-- Two unions side by side: each takes the count of the other.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT p.village, mask_round(p.cost, 10) AS c, s.n FROM raw.health__patient p JOIN (SELECT village, count(*) AS n FROM raw.city__school GROUP BY village) s ON s.village = p.village UNION ALL SELECT village, mask_round(avg(cost), 10), count(*) FROM raw.health__patient GROUP BY village

-- The count of another table through an aggregate.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT p.village, max(s.n) AS n, mask_round(max(p.cost), 10) AS c FROM raw.health__patient p, (SELECT count(*) AS n FROM raw.city__school) s GROUP BY p.village, p.sex

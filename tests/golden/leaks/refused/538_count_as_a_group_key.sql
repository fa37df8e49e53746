-- A count from elsewhere in GROUP BY.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT p.village, s.n, mask_round(avg(p.cost), 10) AS c FROM raw.health__patient p, (SELECT count(*) AS n FROM raw.city__school) s GROUP BY p.village, s.n, p.sex

-- A recursion carries the count of the whole beside persons.
-- refused by: release_count_other, release_count
-- release: {kind: statistics, count: n}
WITH RECURSIVE t(village, c, n) AS (SELECT p.village, p.cost, w.n FROM raw.health__patient p, (SELECT count(*) AS n FROM raw.city__school) w UNION ALL SELECT village, c, n FROM t WHERE false) SELECT village, mask_round(c, 10) AS c, n FROM t

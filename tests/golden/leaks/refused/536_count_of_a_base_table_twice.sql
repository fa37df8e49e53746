-- A base table of counts and averages, joined to itself.
-- refused by: release_count_other
-- model base.g
SELECT village, count(*) AS n, avg(cost) AS c FROM raw.health__patient GROUP BY village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT a.village, mask_round(a.c, 10) AS c, b.n FROM base.g a JOIN base.g b ON b.village <> a.village

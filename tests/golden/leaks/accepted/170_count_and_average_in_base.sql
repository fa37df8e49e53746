-- Counted and averaged together in base, looked up in the release.
-- model base.g
SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS c FROM raw.health__patient GROUP BY village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT v.district, g.village, g.n, g.c FROM base.g g JOIN raw.city__village v ON v.village = g.village

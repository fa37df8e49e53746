-- Joined to a lookup in base, grouped in the release.
-- model base.p
SELECT p.village, v.district, p.cost FROM raw.health__patient p LEFT JOIN raw.city__village v ON v.village = p.village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT district, count(*) AS n, mask_round(avg(cost), 100) AS c FROM base.p GROUP BY district

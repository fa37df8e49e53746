-- The same joined in base, read by the release.
-- refused by: release_count_other
-- model base.g
SELECT p.village, p.birth_date, g.n FROM raw.health__patient p JOIN (SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village) g ON g.village = p.village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT village, mask_date(birth_date, 'month') AS b, n FROM base.g

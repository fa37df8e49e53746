-- Counted in base, joined to persons in the release.
-- refused by: release_count_other
-- model base.g
SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT p.village, mask_date(p.birth_date, 'month') AS b, g.n FROM raw.health__patient p JOIN base.g g ON g.village = p.village

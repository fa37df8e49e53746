-- Hidden in base, shown beside in the release.
-- refused by: release_count_bare
-- model base.g
SELECT village, sex, avg(cost) AS c, mask_suppress(count(*), 3) AS n FROM raw.health__patient GROUP BY village, sex
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT village, sex, mask_round(c, 10) AS c, n FROM base.g

-- A public CASE in base leaves few rows, the release counts all.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- model base.p
SELECT village, sex, CASE WHEN village = 'west' THEN cost END AS c FROM raw.health__patient
-- model open.answer
SELECT sex, count(*) AS n, mask_round(avg(c), 100) AS west FROM base.p GROUP BY sex

-- An average of the few rows that a public CASE leaves, beside the count of all.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT sex, count(*) AS n, mask_round(avg(CASE WHEN village = 'west' THEN cost END), 100) AS west FROM raw.health__patient GROUP BY sex

-- Every person is counted once a day.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT p.village, mask_date(p.birth_date, 'month') AS b, count(*) AS n FROM raw.health__patient p CROSS JOIN raw.city__day d GROUP BY ALL

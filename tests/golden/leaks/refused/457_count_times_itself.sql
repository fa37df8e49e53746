-- Every person is counted once with every other.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT p.village, mask_date(p.birth_date, 'month') AS b, count(*) AS n FROM raw.health__patient p CROSS JOIN raw.health__patient q GROUP BY ALL

-- Every person is counted three times.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT village, mask_date(birth_date, 'month') AS b, mask_address(address) AS a, count(*) AS n FROM raw.health__patient CROSS JOIN (VALUES (1), (2), (3)) v(x) GROUP BY ALL

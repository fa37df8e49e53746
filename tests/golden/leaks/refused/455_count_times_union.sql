-- Every person is counted in each branch.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT village, mask_date(birth_date, 'month') AS b, count(*) AS n FROM (SELECT village, birth_date FROM raw.health__patient UNION ALL SELECT village, birth_date FROM raw.health__patient UNION ALL SELECT village, birth_date FROM raw.health__patient) GROUP BY ALL

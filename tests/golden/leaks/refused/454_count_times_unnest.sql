-- Every person is counted fifty times.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT village, mask_date(birth_date, 'month') AS b, count(*) AS n FROM raw.health__patient, unnest(range(50)) u(x) GROUP BY ALL

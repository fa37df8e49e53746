-- Every count is hidden, every person is shown.
-- refused by: release_count_bare
-- release: {kind: statistics, count: n}
SELECT village, mask_date(birth_date, 'month') AS b, mask_amount(cost, 100) AS c, mask_suppress(count(*), 1000000) AS n FROM raw.health__patient GROUP BY ALL

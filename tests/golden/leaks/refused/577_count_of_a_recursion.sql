-- Each patient comes five times out of the recursion: the count of one is five.
-- refused by: release_count
-- release: {kind: statistics, count: n}
WITH RECURSIVE r AS (SELECT village, sex, birth_date, 1 AS step FROM raw.health__patient UNION ALL SELECT village, sex, birth_date, step + 1 FROM r WHERE step < 5)
SELECT village, sex, mask_date(birth_date, 'month') AS b, count(*) AS n FROM r GROUP BY ALL

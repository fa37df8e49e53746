-- Groups with a hidden count are left out.
-- model base.g
SELECT village, avg(cost) AS c, mask_suppress(count(*), 2) AS n FROM raw.health__patient GROUP BY village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT village, n, mask_date(day, 'year') AS y FROM base.g, (SELECT max(day) AS day FROM raw.city__day) WHERE n IS NOT NULL

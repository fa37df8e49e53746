-- Zero for villages that are left out or empty.
-- release: {kind: statistics, count: n}
WITH c AS (SELECT village, count(*) AS n, avg(cost) AS m FROM raw.health__patient GROUP BY village HAVING count(*) >= 3) SELECT v.village, coalesce(c.n, 0) AS n, mask_round(c.m, 100) AS m FROM raw.city__village v LEFT JOIN c ON c.village = v.village

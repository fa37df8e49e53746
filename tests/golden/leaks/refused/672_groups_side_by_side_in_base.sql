-- The same in base.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- model base.j
WITH c AS (SELECT village, count(*) AS k FROM raw.health__patient GROUP BY village), d AS (SELECT village, avg(cost) AS m FROM raw.health__patient WHERE sex = 'f' GROUP BY village)
SELECT c.village, c.k, d.m FROM c JOIN d ON d.village = c.village
-- model open.answer
SELECT village, k AS n, mask_round(m, 100) AS c FROM base.j

-- Stars in both branches, columns in different order.
-- refused by: release_ceiling
WITH a AS (SELECT village, district FROM raw.city__village), b AS (SELECT phone, village FROM raw.health__patient)
SELECT village FROM (SELECT * FROM a UNION ALL SELECT * FROM b) AS u

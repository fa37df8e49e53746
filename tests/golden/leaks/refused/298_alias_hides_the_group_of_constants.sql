-- The same with a constant.
-- refused by: release_indirect
SELECT 'all' AS diagnosis, count(*) AS n FROM raw.health__patient GROUP BY diagnosis

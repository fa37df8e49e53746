-- A group key by position.
-- refused by: release_ceiling
SELECT diagnosis, count(*) AS n FROM raw.health__patient GROUP BY 1

-- GROUP BY means the column, although the alias of that name is an aggregate.
-- refused by: release_indirect
SELECT max(village) AS diagnosis, count(*) AS n FROM raw.health__patient GROUP BY diagnosis

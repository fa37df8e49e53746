-- GROUP BY takes the column, not the alias of that name.
-- refused by: release_indirect
SELECT max(village) AS cost FROM raw.health__patient GROUP BY cost

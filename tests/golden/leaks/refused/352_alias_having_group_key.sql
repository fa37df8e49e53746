-- HAVING takes a group key of that name for the column, not for the alias.
-- refused by: release_indirect
SELECT count(*) AS cost FROM raw.health__patient GROUP BY raw.health__patient.cost HAVING cost > 900

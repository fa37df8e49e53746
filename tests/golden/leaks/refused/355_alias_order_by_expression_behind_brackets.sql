-- The same where an alias hides the column.
-- refused by: release_indirect
SELECT v FROM ((SELECT village AS v, sex AS cost FROM raw.health__patient) ORDER BY cost + 0 LIMIT 3)

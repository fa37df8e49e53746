-- The group key is not shown, the groups are.
-- refused by: release_indirect
SELECT count(*) AS n FROM raw.health__patient GROUP BY diagnosis

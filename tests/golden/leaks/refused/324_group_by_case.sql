-- The group key is a CASE.
-- refused by: release_indirect
SELECT count(*) AS n FROM raw.health__patient GROUP BY CASE WHEN hiv THEN 1 ELSE 2 END

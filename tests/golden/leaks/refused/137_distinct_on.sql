-- DISTINCT ON is a group key.
-- refused by: release_indirect
SELECT DISTINCT ON (diagnosis) village FROM raw.health__patient ORDER BY diagnosis, village

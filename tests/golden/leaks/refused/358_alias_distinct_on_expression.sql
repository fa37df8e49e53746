-- DISTINCT ON an expression takes the column.
-- refused by: release_indirect
SELECT DISTINCT ON (substr(diagnosis, 1, 1)) village, sex AS diagnosis FROM raw.health__patient ORDER BY village

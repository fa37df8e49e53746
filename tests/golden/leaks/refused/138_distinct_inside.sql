-- DISTINCT over a column that is dropped afterwards.
-- refused by: release_indirect
SELECT village FROM (SELECT DISTINCT village, diagnosis FROM raw.health__patient) AS t

-- Rows made of a secret, counted.
-- refused by: release_indirect
SELECT village, count(*) AS n FROM (SELECT village, unlist(range(age)) AS u FROM raw.health__patient) GROUP BY village

-- Counting by a function.
-- refused by: release_ceiling, release_indirect
SELECT village, CAST(count_if(hiv) AS BIGINT) AS n FROM raw.health__patient GROUP BY village

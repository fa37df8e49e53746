-- Counting by summing a CASE.
-- refused by: release_indirect, release_ceiling
SELECT village, CAST(sum(CASE WHEN hiv THEN 1 ELSE 0 END) AS BIGINT) AS n FROM raw.health__patient GROUP BY village

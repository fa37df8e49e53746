-- The FILTER of a window function.
-- refused by: release_indirect
SELECT village, count(*) FILTER (WHERE hiv) OVER (PARTITION BY village) AS n FROM raw.health__patient

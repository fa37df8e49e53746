-- How many share the diagnosis.
-- refused by: release_indirect
SELECT village, count(*) OVER (PARTITION BY diagnosis) AS n FROM raw.health__patient

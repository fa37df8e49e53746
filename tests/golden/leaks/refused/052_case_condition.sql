-- Public words chosen by a sensitive condition.
-- refused by: release_indirect
SELECT village, CASE WHEN hiv THEN 'blue' ELSE 'green' END AS colour FROM raw.health__patient

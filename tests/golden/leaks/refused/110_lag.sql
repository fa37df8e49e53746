-- The neighbour's value.
-- refused by: release_ceiling
SELECT village, lag(phone) OVER (ORDER BY village) AS x FROM raw.health__patient

-- A public value of the neighbour in a secret order.
-- refused by: release_indirect
SELECT village, lag(village) OVER (ORDER BY cost) AS x FROM raw.health__patient

-- The three largest, as a list.
-- refused by: release_ceiling
SELECT max(cost, 3) AS x FROM raw.health__patient

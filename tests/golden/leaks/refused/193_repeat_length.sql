-- A text as long as the value.
-- refused by: release_ceiling
SELECT village, repeat('x', age) AS x FROM raw.health__patient

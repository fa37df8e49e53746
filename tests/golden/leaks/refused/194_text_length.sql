-- The length of a name.
-- refused by: release_ceiling
SELECT village, length(name) AS x FROM raw.health__patient

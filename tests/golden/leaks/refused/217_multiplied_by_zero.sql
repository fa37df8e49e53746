-- "It is always zero" is not something that a compiler believes: NULL and NaN are not.
-- refused by: release_ceiling
SELECT village, cost * 0 AS x FROM raw.health__patient

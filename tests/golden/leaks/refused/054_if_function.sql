-- IF is a CASE in other words.
-- refused by: release_indirect, release_ceiling
SELECT village, if(cost > 1000, 'a', 'b') AS fee_class FROM raw.health__patient

-- A hash without a key; telephone numbers can all be tried.
-- refused by: release_ceiling
SELECT village, md5(phone) AS x FROM raw.health__patient

-- `phone` is no column of the inner table, so it is the outer one's.
-- refused by: release_ceiling
SELECT village, (SELECT phone FROM raw.city__official ORDER BY since LIMIT 1) AS x FROM raw.health__patient

-- FROM before SELECT.
-- refused by: release_ceiling
FROM raw.health__patient SELECT village, phone

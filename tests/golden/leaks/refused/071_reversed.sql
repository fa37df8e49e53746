-- Written backwards.
-- refused by: release_ceiling
SELECT village, reverse(phone) AS serial FROM raw.health__patient

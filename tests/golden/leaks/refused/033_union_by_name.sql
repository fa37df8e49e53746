-- UNION BY NAME goes by name, not by position.
-- refused by: release_ceiling
SELECT village, 'none' AS contact FROM raw.city__village
UNION ALL BY NAME
SELECT phone AS contact, village FROM raw.health__patient

-- UNION goes by position, not by name.
-- refused by: release_ceiling
SELECT district, village FROM raw.city__village
UNION ALL
SELECT village, phone AS district FROM raw.health__patient

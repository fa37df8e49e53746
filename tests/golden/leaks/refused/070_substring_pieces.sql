-- Pieces side by side; nobody puts them together here.
-- refused by: release_ceiling
SELECT village, substr(national_id, 1, 6) AS region, substr(national_id, 7, 8) AS day FROM raw.health__patient

-- A substitution cipher.
-- refused by: release_ceiling
SELECT village, translate(phone, '0123456789', '5678901234') AS serial FROM raw.health__patient

-- Glued to a public text.
-- refused by: release_ceiling
SELECT village || ' ' || name AS place FROM raw.health__patient

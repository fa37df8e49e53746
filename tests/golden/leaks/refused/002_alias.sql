-- A harmless name for a sensitive column.
-- refused by: release_ceiling
SELECT village, phone AS village_note FROM raw.health__patient

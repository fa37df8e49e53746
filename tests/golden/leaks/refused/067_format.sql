-- Inside a formatted text.
-- refused by: release_ceiling
SELECT format('{} has {}', village, notes) AS line FROM raw.health__patient

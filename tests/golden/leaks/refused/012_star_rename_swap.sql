-- RENAME after EXCLUDE gives the freed public name to the sensitive column.
-- refused by: release_ceiling
WITH p AS (SELECT village, sex, phone FROM raw.health__patient)
SELECT * EXCLUDE (village) RENAME (phone AS village) FROM p

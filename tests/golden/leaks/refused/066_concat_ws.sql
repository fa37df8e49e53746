-- Glued by a function with many arguments.
-- refused by: release_ceiling
SELECT concat_ws('/', village, sex, national_id) AS place FROM raw.health__patient

-- The same column in capitals and in quotes.
-- refused by: release_ceiling
SELECT "VILLAGE" AS village, PHONE AS a, "Phone" AS b FROM raw.health__patient

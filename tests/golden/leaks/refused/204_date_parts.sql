-- A date in parts.
-- refused by: release_ceiling
SELECT village, year(birth_date) AS y, month(birth_date) AS m, day(birth_date) AS d FROM raw.health__patient

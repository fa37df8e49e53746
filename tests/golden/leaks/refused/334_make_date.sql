-- A date made of a date's parts.
-- refused by: release_ceiling
SELECT village, make_date(year(birth_date), month(birth_date), 1) AS x FROM raw.health__patient

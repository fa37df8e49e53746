-- Days since a known day.
-- refused by: release_ceiling
SELECT village, date_diff('day', DATE '1900-01-01', birth_date) AS x FROM raw.health__patient

-- An age as days after a known day.
-- refused by: release_ceiling
SELECT village, CAST(DATE '2000-01-01' + to_days(CAST(age AS INTEGER)) AS DATE) AS x FROM raw.health__patient

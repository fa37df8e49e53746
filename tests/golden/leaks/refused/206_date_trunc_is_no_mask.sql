-- The engine's date_trunc is not a registered mask.
-- refused by: release_ceiling
SELECT village, CAST(date_trunc('month', birth_date) AS DATE) AS x FROM raw.health__patient

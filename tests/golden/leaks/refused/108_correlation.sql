-- A correlation with a public column.
-- refused by: release_ceiling
SELECT corr(speed, length(driver)) AS x FROM raw.police__sighting

-- A point encoded in one number.
-- refused by: release_ceiling
SELECT industry, lon * 1000 + lat AS x FROM raw.tax__firm

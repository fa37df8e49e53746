-- The engine's round is not a registered mask.
-- refused by: release_ceiling
SELECT district, round(income, -2) AS x FROM raw.tax__firm

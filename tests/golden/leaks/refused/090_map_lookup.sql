-- A map from public to sensitive and back.
-- refused by: release_ceiling
SELECT MAP {village: phone}[village] AS x FROM raw.health__patient

-- Which public column is shown is the secret.
-- refused by: release_indirect
SELECT CASE WHEN name < 'M' THEN village ELSE sex END AS x FROM raw.health__patient

-- The lambda's parameter has a public column's name and a sensitive value.
-- refused by: release_ceiling
SELECT list_transform([phone], lambda village: upper(village)) AS x FROM raw.health__patient

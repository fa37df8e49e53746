-- A row made of two columns.
-- refused by: release_ceiling
SELECT CAST(row(village, phone) AS VARCHAR) AS x FROM raw.health__patient

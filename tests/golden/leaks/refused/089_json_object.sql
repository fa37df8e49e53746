-- A JSON object.
-- refused by: release_ceiling
SELECT CAST(json_object('v', village, 'p', phone) AS VARCHAR) AS x FROM raw.health__patient

-- A JSON array of everything.
-- refused by: release_ceiling
SELECT CAST(json_group_array(phone) AS VARCHAR) AS x FROM raw.health__patient

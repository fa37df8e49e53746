-- Two lists zipped.
-- refused by: release_ceiling
SELECT CAST(list_zip([village], [phone]) AS VARCHAR) AS x FROM raw.health__patient

-- A histogram lists every value.
-- refused by: release_ceiling
SELECT CAST(histogram(diagnosis) AS VARCHAR) AS x FROM raw.health__patient

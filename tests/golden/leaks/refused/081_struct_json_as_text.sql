-- A struct as text.
-- refused by: release_ceiling
SELECT CAST({'v': village, 'p': phone} AS VARCHAR) AS x FROM raw.health__patient

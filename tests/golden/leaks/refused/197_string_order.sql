-- A comparison in the order of the alphabet, as text.
-- refused by: release_ceiling
SELECT village, CAST(name < 'M' AS VARCHAR) AS x FROM raw.health__patient

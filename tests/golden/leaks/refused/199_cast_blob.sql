-- Through bytes and back.
-- refused by: release_ceiling
SELECT village, CAST(CAST(phone AS BLOB) AS VARCHAR) AS x FROM raw.health__patient

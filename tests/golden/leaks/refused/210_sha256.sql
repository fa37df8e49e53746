-- A better hash, still without a key.
-- refused by: release_ceiling
SELECT village, sha256(national_id) AS x FROM raw.health__patient

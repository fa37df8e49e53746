-- A salt in the model's text is not a key.
-- refused by: release_ceiling
SELECT village, sha256('c0ffee' || national_id) AS x FROM raw.health__patient

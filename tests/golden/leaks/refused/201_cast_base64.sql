-- In base 64.
-- refused by: release_ceiling
SELECT village, to_base64(encode(national_id)) AS x FROM raw.health__patient

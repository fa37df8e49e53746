-- The bits of a number.
-- refused by: release_ceiling
SELECT village, CAST(CAST(patient_id AS INTEGER)::BIT AS VARCHAR) AS x FROM raw.health__patient

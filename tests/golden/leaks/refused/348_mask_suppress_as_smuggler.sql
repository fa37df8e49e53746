-- The count is added to the identity number.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [x]}
SELECT village, mask_suppress(patient_id + count(*) OVER (), 3) AS x FROM raw.health__patient

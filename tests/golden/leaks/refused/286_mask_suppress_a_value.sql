-- mask_suppress hides small counts; over an identity number it hides nothing.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [serial]}
SELECT village, mask_suppress(patient_id, 3) AS serial FROM raw.health__patient

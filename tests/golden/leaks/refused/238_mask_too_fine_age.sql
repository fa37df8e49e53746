-- A band of one year is the age.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [band]}
SELECT village, mask_age(age, 1) AS band FROM raw.health__patient

-- A band so narrow that it is the value.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [fee]}
SELECT village, mask_amount(cost, 1) AS fee FROM raw.health__patient

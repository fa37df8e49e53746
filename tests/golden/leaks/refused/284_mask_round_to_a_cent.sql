-- A registered mask whose step keeps every value as it is.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [fee]}
SELECT village, mask_round(cost, 0.01) AS fee FROM raw.health__patient

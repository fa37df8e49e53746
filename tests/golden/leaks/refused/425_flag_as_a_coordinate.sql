-- A flag is a number of degrees: mask_coordinate leaves it whole.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_coordinate(hiv::INTEGER, 0) AS a FROM raw.health__patient

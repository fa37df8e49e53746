-- So is an amount below 180.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_coordinate(cost, 2) AS a FROM raw.health__patient

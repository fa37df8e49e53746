-- An age below 90 is a latitude.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_coordinate(age, 0) AS a FROM raw.health__patient

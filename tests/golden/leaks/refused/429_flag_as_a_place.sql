-- A grid cell around (flag, 0).
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_grid(hiv::INTEGER, 0, 500) AS a FROM raw.health__patient

-- A cost and an age as a point on the map.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_grid(age, cost / 100, 500) AS a FROM raw.health__patient

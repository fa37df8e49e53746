-- A partial mask leads to L2, which is above the ceiling of an open release.
-- refused by: release_ceiling
-- release: {kind: records, sensitive: [a]}
SELECT village, mask_phone(phone) AS a FROM raw.health__patient

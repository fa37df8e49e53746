-- A pseudonym leads to L2 as well.
-- refused by: release_ceiling
-- release: {kind: records, sensitive: [a]}
SELECT village, mask_pseudonym(national_id, 'study', 'university') AS a FROM raw.health__patient

-- A partial mask of a pseudonym stays what it was.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, sensitive: [a]}
SELECT village, mask_name(mask_pseudonym(national_id, 'study', 'university')) AS a FROM raw.health__patient

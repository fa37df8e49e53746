-- The mask keeps the domain, so the secret becomes the domain.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a]}
-- model fusion.answer
SELECT village, mask_email('x@' || phone || '.org') AS a FROM raw.health__patient

-- The first letter of a name is not masked, so the secret becomes the first letter.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a]}
-- model fusion.answer
SELECT village, mask_name(left(diagnosis, 1) || name) AS a FROM raw.health__patient

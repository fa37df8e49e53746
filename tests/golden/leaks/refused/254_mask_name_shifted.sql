-- One letter of the name at a time.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b, c]}
-- model fusion.answer
SELECT village, mask_name(name) AS a, mask_name(substr(name, 2)) AS b, mask_name(substr(name, 3)) AS c
FROM raw.health__patient

-- A partial mask over a piece shows another part.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a]}
-- model fusion.answer
SELECT village, mask_phone('13800000' || substr(phone, 4, 3)) AS a FROM raw.health__patient

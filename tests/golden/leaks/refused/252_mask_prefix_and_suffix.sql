-- What one mask hides of the number, the other shows: its digits in another order.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT village, mask_phone(phone) AS a, mask_phone('138' || right(phone, 4) || substr(phone, 4, 4)) AS b FROM raw.health__patient

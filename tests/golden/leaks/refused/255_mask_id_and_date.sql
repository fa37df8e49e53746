-- Division and month of birth out of one number: two views of it.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, sensitive: [a, b]}
-- model fusion.answer
SELECT village, mask_id(national_id) AS a,
  mask_date(CAST(try_strptime(substr(national_id, 7, 8), '%Y%m%d') AS DATE), 'month') AS b
FROM raw.health__patient

-- Each band holds two digits of the telephone.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_amount(TRY_CAST(substr(phone, 1, 6) AS BIGINT) * 100, 100) AS a,
  mask_amount(TRY_CAST(substr(phone, 7) AS BIGINT) * 100, 100) AS b
FROM raw.health__patient

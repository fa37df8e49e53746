-- Each year holds three digits of the telephone.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village,
  mask_date(CAST(DATE '1000-01-01' + to_years(TRY_CAST(substr(phone, 6, 3) AS INTEGER)) AS DATE), 'year') AS a,
  mask_date(CAST(DATE '1000-01-01' + to_years(TRY_CAST(substr(phone, 9, 3) AS INTEGER)) AS DATE), 'year') AS b
FROM raw.health__patient

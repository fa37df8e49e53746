-- A record-level release: three generalised columns, all declared.
-- release: {kind: records, quasi_identifiers: [village, sex, born, place], sensitive: [fee]}
SELECT village, sex, mask_date(birth_date, 'year') AS born, mask_address(address) AS place,
  mask_amount(cost, 1000) AS fee
FROM raw.health__patient

-- A cast to a narrow type splits the band at 127.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [village, a, b]}
SELECT village, mask_amount(cost, 1000) AS b, mask_amount(TRY_CAST(cost AS TINYINT), 1000) AS a FROM raw.health__patient

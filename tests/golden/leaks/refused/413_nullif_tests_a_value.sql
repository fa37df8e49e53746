-- nullif takes one value out: the mask shows whether it was there.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [village, a, b]}
SELECT village, mask_amount(cost, 100) AS a, mask_amount(nullif(cost, 2310.5), 100) AS b FROM raw.health__patient

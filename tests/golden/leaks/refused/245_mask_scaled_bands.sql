-- A width of 1000 over the value times 1000 is a width of one.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_amount(cost, 1000) AS a, mask_amount(cost * 1000, 1000) AS b FROM raw.health__patient

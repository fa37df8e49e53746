-- One width, the second time over a shifted value.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_amount(cost, 1000) AS a, mask_amount(cost + 500, 1000) AS b FROM raw.health__patient

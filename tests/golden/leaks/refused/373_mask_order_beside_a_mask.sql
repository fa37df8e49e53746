-- The order is that of another mask.
-- refused by: masks_combine
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 1000) AS a FROM raw.health__patient ORDER BY mask_round(cost, 100) LIMIT 4

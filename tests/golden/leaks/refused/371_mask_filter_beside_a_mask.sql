-- The finer steps of one mask decide which bands of the other are shown.
-- refused by: masks_combine
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 1000) AS a FROM raw.health__patient WHERE mask_round(cost, 300) = 600

-- The filter is by what is shown.
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 500) AS a FROM raw.health__patient WHERE mask_amount(cost, 500) <> '[0,500)' ORDER BY mask_amount(cost, 500)

-- One view is shown, another decides which rows.
-- refused by: masks_combine, release_ceiling, release_indirect
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 500) AS a FROM raw.health__patient WHERE mask_round(cost, 300) = 600

-- Each CASE looks at another rounding of the cost.
-- refused by: masks_combine, release_indirect
-- release: {kind: records, quasi_identifiers: []}
SELECT village, CASE WHEN mask_round(cost, 50) > 100 THEN 1 ELSE 0 END AS a, CASE WHEN mask_round(cost, 70) > 100 THEN 1 ELSE 0 END AS b FROM raw.health__patient

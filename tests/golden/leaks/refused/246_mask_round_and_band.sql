-- Two generalisations of different kinds.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT village, mask_round(cost, 300) AS a, mask_amount(cost, 500) AS b FROM raw.health__patient

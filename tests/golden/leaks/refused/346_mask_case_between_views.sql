-- Two views in two branches of one CASE.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, CASE WHEN sex = 'f' THEN mask_amount(cost, 500) ELSE mask_amount(cost, 700) END AS a
FROM raw.health__patient

-- Two views in the two branches of a public condition that anyone can repeat.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 500) AS a FROM raw.health__patient
UNION ALL
SELECT village, mask_amount(cost, 700) AS a FROM raw.health__patient

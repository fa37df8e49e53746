-- One band in base, the other in the release, under names that tell nothing.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
-- model base.step
SELECT village, mask_amount(cost, 500) AS a, cost AS c FROM raw.health__patient
-- model open.answer
SELECT village, a, mask_amount(c, 700) AS b FROM base.step

-- Rounded to a cent and made larger in base; the second mask hides nothing.
-- refused by: release_ceiling
-- model base.a
SELECT village, mask_round(cost, 0.01) * 1000 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a

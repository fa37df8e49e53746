-- Noise too small to lower anything, made larger, rounded.
-- refused by: release_ceiling
-- model base.a
SELECT village, mask_noise(cost, 0.000001, 'study', 'university') * 1000 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a

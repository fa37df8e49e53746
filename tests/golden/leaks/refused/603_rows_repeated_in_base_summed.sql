-- A thousand times the cost, rounded to a hundred.
-- refused by: release_ceiling
-- model base.many
SELECT p.village, p.sex, p.cost FROM raw.health__patient p, (SELECT unnest(generate_series(1, 1000)) AS k) t
-- release: {kind: records, quasi_identifiers: [village, sex], sensitive: [s]}
-- model open.answer
SELECT village, sex, mask_round(sum(cost), 100) AS s FROM base.many GROUP BY village, sex

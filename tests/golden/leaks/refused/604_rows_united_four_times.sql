-- The same rows below each other in base, summed in the release.
-- refused by: release_ceiling
-- model base.many
SELECT village, sex, cost FROM raw.health__patient UNION ALL SELECT village, sex, cost FROM raw.health__patient UNION ALL SELECT village, sex, cost FROM raw.health__patient UNION ALL SELECT village, sex, cost FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village, sex], sensitive: [s]}
-- model open.answer
SELECT village, sex, mask_round(sum(cost), 100) AS s FROM base.many GROUP BY village, sex

-- United with its copies in base.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- model base.a
SELECT village, cost FROM raw.health__patient
-- model open.answer
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT village, cost FROM base.a UNION ALL SELECT village, cost FROM base.a UNION ALL SELECT village, cost FROM raw.health__patient) GROUP BY village

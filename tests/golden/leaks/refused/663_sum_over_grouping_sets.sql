-- Each cost twice, by grouping sets.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT village, cost FROM raw.health__patient GROUP BY GROUPING SETS ((village, cost), (cost, village))) GROUP BY village

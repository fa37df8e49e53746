-- Costs united with themselves: the sum is twice as large, and shows twice as exactly.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT village, cost FROM raw.health__patient UNION ALL SELECT village, cost FROM raw.health__patient) GROUP BY village

-- A join with everybody: the maximum stands in each group, and is added up.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
WITH j AS (SELECT s.school, s.village, max(k.cost) AS cost FROM raw.city__school s, raw.health__patient k GROUP BY s.school, s.village)
SELECT village, mask_round(sum(cost), 100) AS s FROM j GROUP BY village

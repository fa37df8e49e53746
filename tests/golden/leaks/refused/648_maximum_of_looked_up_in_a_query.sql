-- The same in one model.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
WITH k AS (SELECT village, max(cost) AS cost FROM raw.health__patient GROUP BY village), j AS (SELECT s.school, s.village, max(k.cost) AS cost FROM raw.city__school s JOIN k ON k.village = s.village GROUP BY s.school, s.village)
SELECT village, mask_round(sum(cost), 100) AS s FROM j GROUP BY village

-- Distinct again before the sum.
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT DISTINCT p.village, p.cost FROM raw.health__patient p JOIN raw.city__school v ON v.village = p.village) GROUP BY village

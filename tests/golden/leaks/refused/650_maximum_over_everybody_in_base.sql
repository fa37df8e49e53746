-- The same in base.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
-- model base.j
SELECT s.school, s.village, max(k.cost) AS cost FROM raw.city__school s, raw.health__patient k GROUP BY s.school, s.village
-- model open.answer
SELECT village, mask_round(sum(cost), 100) AS s FROM base.j GROUP BY village

-- The same, looked up in base.
-- refused by: release_ceiling
-- field base.k.village: primaryKey: true
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
-- model base.k
SELECT village, max(cost) AS cost FROM raw.health__patient GROUP BY village
-- model base.j
SELECT s.school, s.village, k.cost FROM raw.city__school s JOIN base.k AS k ON k.village = s.village
-- model open.answer
SELECT village, mask_round(sum(cost), 100) AS s FROM base.j GROUP BY village

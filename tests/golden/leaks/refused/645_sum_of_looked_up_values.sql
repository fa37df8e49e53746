-- The highest cost of a village is added up once for each school: four times as much shows four times as exactly.
-- refused by: release_ceiling
-- field base.k.village: primaryKey: true
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
-- model base.k
SELECT village, max(cost) AS cost FROM raw.health__patient GROUP BY village
-- model open.answer
SELECT s.village, mask_round(sum(k.cost), 100) AS s FROM raw.city__school s JOIN base.k AS k ON k.village = s.village GROUP BY s.village

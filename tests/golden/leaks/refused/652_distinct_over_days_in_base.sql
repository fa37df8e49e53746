-- The same in base.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
-- model base.j
SELECT DISTINCT p.cost, d.day FROM raw.health__patient p, raw.city__day d WHERE p.village = 'west'
-- model open.answer
SELECT 'x' AS village, mask_round(sum(cost), 100) AS s FROM base.j

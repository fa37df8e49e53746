-- Distinct pairs of a cost and a day, added up.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
WITH j AS (SELECT DISTINCT p.cost, d.day FROM raw.health__patient p, raw.city__day d WHERE p.village = 'west')
SELECT 'x' AS village, mask_round(sum(cost), 100) AS s FROM j

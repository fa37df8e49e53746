-- Costs by district: each patient has one village.
-- release: {kind: records, quasi_identifiers: [district], sensitive: [s]}
-- justification: raw.health__patient.cost
SELECT v.district, mask_round(sum(cost), 100) AS s FROM raw.health__patient p JOIN raw.city__village v ON v.village = p.village GROUP BY v.district

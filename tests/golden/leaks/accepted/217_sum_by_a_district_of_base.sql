-- The same, looked up in base.
-- release: {kind: records, quasi_identifiers: [district], sensitive: [s]}
-- justification: raw.health__patient.cost
-- model base.j
SELECT p.village, p.cost, v.district FROM raw.health__patient p JOIN raw.city__village v ON v.village = p.village
-- model open.answer
SELECT district, mask_round(sum(cost), 100) AS s FROM base.j GROUP BY district

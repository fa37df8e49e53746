-- A join by no key, but the model's own key comes from the side that is summed: no row of it is there twice.
-- field base.p.patient_id: primaryKey: true
-- justification: raw.health__patient.patient_id, raw.health__patient.cost
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- model base.p
SELECT p.patient_id, p.village, p.cost, o.office FROM raw.health__patient p LEFT JOIN raw.city__official o ON o.district = p.village
-- model open.answer
SELECT village, mask_round(sum(cost), 100) AS s FROM base.p GROUP BY village

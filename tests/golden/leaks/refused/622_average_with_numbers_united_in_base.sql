-- The union of 611 in base.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village, sex, m]}
-- model base.u
SELECT p.village, p.sex, t.k, p.cost AS v FROM raw.health__patient p, (SELECT unnest(generate_series(0, 400, 10)) AS k) t UNION ALL SELECT DISTINCT p.village, p.sex, t.k, t.k AS v FROM raw.health__patient p, (SELECT unnest(generate_series(0, 400, 10)) AS k) t
-- model open.answer
SELECT village, sex, k, mask_round(avg(v), 100) AS m FROM base.u GROUP BY ALL

-- Averages with a public number beside each value: shifted bands in rows.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [village, sex, k, m]}
SELECT village, sex, k, mask_round(avg(v), 100) AS m FROM (SELECT p.village, p.sex, t.k, p.cost AS v FROM raw.health__patient p, (SELECT unnest(generate_series(0, 400, 10)) AS k) t UNION ALL SELECT DISTINCT p.village, p.sex, t.k, t.k AS v FROM raw.health__patient p, (SELECT unnest(generate_series(0, 400, 10)) AS k) t) GROUP BY ALL

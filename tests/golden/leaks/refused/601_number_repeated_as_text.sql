-- The cost repeated for each village.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [patient, t]}
SELECT p.patient, mask_amount(CAST(listagg(CAST(CAST(p.cost AS BIGINT) AS VARCHAR), '') AS DOUBLE), 100) AS t FROM (SELECT row_number() OVER () AS patient, cost FROM raw.health__patient) p, raw.city__village GROUP BY p.patient

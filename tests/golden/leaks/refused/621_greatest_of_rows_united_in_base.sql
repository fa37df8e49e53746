-- The union of 607 in base.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: [tel]}
-- model base.u
SELECT village, phone AS v FROM raw.health__patient UNION ALL SELECT village, '1390002x' AS v FROM raw.city__village
-- model fusion.answer
SELECT village, mask_phone(max(v)) AS tel FROM base.u GROUP BY village

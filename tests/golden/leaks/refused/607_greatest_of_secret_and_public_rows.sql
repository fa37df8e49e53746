-- '***' where no telephone of the village is above the written text.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: [tel]}
-- model fusion.answer
SELECT village, mask_phone(max(v)) AS tel FROM (SELECT village, phone AS v FROM raw.health__patient UNION ALL SELECT village, '1390002x' AS v FROM raw.city__village) GROUP BY village

-- Three digits of an identifier as the year of a date, aggregated.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_date(max(make_date(1000 + patient_id % 1000, 1, 1)) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW), 'year') AS a FROM raw.health__patient

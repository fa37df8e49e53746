-- An age band of ten years.
-- release: {kind: records, quasi_identifiers: [village, band]}
SELECT village, mask_age(age, 10) AS band FROM raw.health__patient

-- Masked in base, passed on under another name.
-- release: {kind: records, quasi_identifiers: [age_group]}
-- model base.step
SELECT village, age, mask_age(age, 5) AS band FROM raw.health__patient
-- model open.answer
SELECT village, band AS age_group FROM base.step

-- A pseudonym for one purpose and one recipient.
-- release: {channel: extract, kind: records, quasi_identifiers: [sex, band], sensitive: [person]}
-- model fusion.answer
SELECT mask_pseudonym(national_id, 'study', 'university') AS person, sex, mask_age(age, 10) AS band
FROM raw.health__patient

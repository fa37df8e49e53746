-- Encrypted for a recipient that may ask for it to be opened.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [person]}
-- model fusion.answer
SELECT village, mask_sm4(national_id, 'study', 'university') AS person FROM raw.health__patient

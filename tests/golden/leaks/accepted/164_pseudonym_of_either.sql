-- One of two secrets, whichever is there.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(coalesce(national_id, phone), 'study', 'university') AS person FROM raw.health__patient

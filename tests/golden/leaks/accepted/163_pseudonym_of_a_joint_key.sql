-- A key of a public and a secret part, masked as one.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT age, mask_pseudonym(village || '-' || national_id, 'study', 'university') AS person, mask_pseudonym(phone, 'study', 'university') AS phone FROM raw.health__patient

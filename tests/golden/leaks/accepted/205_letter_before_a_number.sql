-- A letter before a whole number under one pseudonym.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym('P' || national_id, 'linked', 'insurer') AS person FROM raw.health__patient

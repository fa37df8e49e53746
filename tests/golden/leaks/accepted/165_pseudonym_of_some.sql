-- A pseudonym for some rows only, blanks for nothing.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(CASE WHEN sex = 'f' THEN national_id END, 'study', 'university') AS a, mask_pseudonym(coalesce(phone, ''), 'study', 'university') AS b FROM raw.health__patient

-- Written into the call itself.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(CASE WHEN village = 'north' THEN 'B24' ELSE diagnosis END, 'study', 'university') AS d FROM raw.health__patient

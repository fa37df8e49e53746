-- Every telephone is replaced by a code.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d, mask_pseudonym(regexp_replace(phone, '^.*$', 'B24'), 'study', 'university') AS immune FROM raw.health__patient

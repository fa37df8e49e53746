-- The first digits of a telephone, which all know, exchanged for a code.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(translate(left(phone, 3), '139', 'B24'), 'study', 'university') AS b, mask_pseudonym(diagnosis, 'study', 'university') AS d FROM raw.health__patient

-- A written code behind nothing of a secret: its pseudonym is that of the code.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d, mask_pseudonym(left(phone, 0) || 'B24', 'study', 'university') AS immune FROM raw.health__patient

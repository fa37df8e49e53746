-- A code behind nothing of a secret, made in base.
-- refused by: mask_constant
-- model base.p
SELECT village, diagnosis, left(phone, 0) || 'B24' AS x FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d, mask_pseudonym(x, 'study', 'university') AS immune FROM base.p

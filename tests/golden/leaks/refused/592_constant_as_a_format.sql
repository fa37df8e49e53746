-- A format of dates that holds no part of a date.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d, mask_pseudonym(strftime(birth_date, 'B24'), 'study', 'university') AS immune FROM raw.health__patient

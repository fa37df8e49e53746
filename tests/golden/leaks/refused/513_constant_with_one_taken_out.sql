-- A code unless it is the diagnosis.
-- refused by: mask_constant
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS d, mask_pseudonym(nullif('B24', name), 'study', 'university') AS b FROM raw.health__patient

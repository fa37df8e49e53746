-- A token keeps the length of what a letter was turned into.
-- refused by: mask_constant, release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_token(repeat('7', 6 + ascii(diagnosis) - 64), 'digits', 'study', 'university') AS t FROM raw.health__patient

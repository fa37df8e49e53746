-- One pseudonym, of one known person.
-- refused by: mask_constant, release_ceiling
-- differs: no (a constant; joined with a real extract it names one person)
-- release: {channel: extract, kind: records, sensitive: [code]}
-- model fusion.answer
SELECT village, mask_token('13900000001', 'digits', 'study', 'university') AS code FROM raw.city__village

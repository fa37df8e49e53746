-- A token of digits whose separators went.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_token(replace(replace(phone, '-', ''), ' ', ''), 'digits', 'study', 'university') AS t FROM raw.health__patient

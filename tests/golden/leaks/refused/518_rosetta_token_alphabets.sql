-- Tokens of public numbers beside tokens of secret ones.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_token(p.phone, 'digits', 'study', 'university') AS d, v.division, mask_token(v.division, 'digits', 'study', 'university') AS c FROM raw.health__patient p, raw.city__village v

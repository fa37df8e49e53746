-- Tokens written down, joined as a table.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, v.what FROM raw.health__patient p JOIN (VALUES ('e9cae7fb5964f064fcad5003b60e71a4', 'immune')) AS v(t, what) ON v.t = mask_pseudonym(p.diagnosis, 'study', 'university')

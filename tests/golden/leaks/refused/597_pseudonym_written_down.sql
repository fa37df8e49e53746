-- The token of B24, written down, turns the pseudonym back into a name.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, CASE mask_pseudonym(diagnosis, 'study', 'university') WHEN 'e9cae7fb5964f064fcad5003b60e71a4' THEN 'immune' ELSE 'other' END AS what FROM raw.health__patient

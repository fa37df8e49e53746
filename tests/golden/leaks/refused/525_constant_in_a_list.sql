-- A code and the diagnosis in a list, one below the other.
-- refused by: mask_constant, release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(d, 'study', 'university') AS t FROM (SELECT village, unnest(['B24', diagnosis]) AS d FROM raw.health__patient)

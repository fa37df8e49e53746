-- A cast to BOOLEAN makes the secret part a constant: 'B24true'.
-- refused by: release_lookup_elsewhere
-- release fusion.first: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.first
SELECT i.code, mask_pseudonym(i.code || CAST(p.cost AS BOOLEAN), 'study', 'university') AS t FROM raw.health__patient p, raw.health__icd i
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis || CAST(cost AS BOOLEAN), 'study', 'university') AS t FROM raw.health__patient

-- Dictionary and secrets in one column.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT mask_pseudonym(diagnosis, 'study', 'university') AS d, village AS label FROM raw.health__patient UNION ALL SELECT mask_pseudonym(code, 'study', 'university'), code FROM raw.health__icd

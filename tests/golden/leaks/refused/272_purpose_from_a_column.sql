-- The purpose is a column: a key for every row.
-- refused by: mask_argument, lineage_unresolved, release_ceiling
-- differs: no (it does not run: there is no key for a name that is not written out)
-- release: {channel: extract, kind: records, sensitive: [code]}
-- model fusion.answer
SELECT mask_pseudonym(national_id, village, 'university') AS code FROM raw.health__patient

-- A flag behind each code in one release, behind the diagnosis in another.
-- refused by: release_lookup_elsewhere
-- release fusion.first: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.first
SELECT i.code, mask_pseudonym(i.code || '-' || p.hiv, 'study', 'university') AS t FROM raw.health__patient p, raw.health__icd i
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis || '-' || hiv, 'study', 'university') AS t FROM raw.health__patient

-- One release shows the dictionary, the other the secrets.
-- refused by: release_lookup_elsewhere
-- release fusion.dictionary: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.dictionary
SELECT code, mask_pseudonym(code, 'twice', 'university') AS c FROM raw.health__icd
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(diagnosis, 'twice', 'university') AS d FROM raw.health__patient

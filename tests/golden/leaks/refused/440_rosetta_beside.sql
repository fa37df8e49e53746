-- The dictionary with its pseudonyms beside the pseudonym: whoever reads it decodes it.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_pseudonym(p.diagnosis, 'study', 'university') AS d, i.code, mask_pseudonym(i.code, 'study', 'university') AS c FROM raw.health__patient p, raw.health__icd i

-- A share shows the names and their pseudonyms, an extract the pseudonyms.
-- refused by: release_lookup_elsewhere
-- release fusion.granted: {channel: share, kind: records, quasi_identifiers: []}
-- model fusion.granted
SELECT name, mask_pseudonym(name, 'granted', 'university') AS person FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, age, mask_pseudonym(name, 'granted', 'university') AS person FROM raw.health__patient

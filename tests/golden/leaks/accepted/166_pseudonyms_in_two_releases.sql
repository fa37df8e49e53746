-- Two releases to one recipient: the same person is the same pseudonym.
-- release fusion.first: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.first
SELECT village, mask_pseudonym(name, 'linked', 'university') AS person FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT district, mask_pseudonym(owner, 'linked', 'university') AS person FROM raw.tax__firm

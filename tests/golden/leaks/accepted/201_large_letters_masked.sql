-- Large letters, made in base, under a cipher and a pseudonym of their own purposes.
-- model base.p
SELECT village, upper(trim(name)) AS name, upper(address) AS address FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(name, 'study', 'university') AS person, mask_sm4(address, 'places', 'insurer') AS place FROM base.p

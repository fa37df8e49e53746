-- The pseudonym was made in base, and is given a name in the release.
-- refused by: release_ceiling
-- model base.p
SELECT village, mask_pseudonym(diagnosis, 'study', 'university') AS t FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, t = 'e9cae7fb5964f064fcad5003b60e71a4' AS immune FROM base.p

-- A pseudonym of a value with one taken out: NULL means B24.
-- refused by: release_ceiling, release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(nullif(diagnosis, 'B24'), 'study', 'university') AS t FROM raw.health__patient

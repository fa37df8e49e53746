-- Not unequal is equal.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, f.industry FROM raw.health__patient p JOIN raw.tax__firm f ON NOT (mask_pseudonym(p.name, 'study', 'university') <> mask_pseudonym(f.owner, 'study', 'university'))

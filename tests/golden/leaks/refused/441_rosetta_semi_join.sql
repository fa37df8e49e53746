-- Which officials are patients.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT o.name, o.office FROM raw.city__official o WHERE mask_pseudonym(o.name, 'study', 'university') IN (SELECT mask_pseudonym(p.name, 'study', 'university') FROM raw.health__patient p)

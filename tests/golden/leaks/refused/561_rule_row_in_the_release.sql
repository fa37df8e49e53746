-- The release's own rule, about a masked column and a secret one of base.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- rule: {rule: row, holds: "p <> 'x' OR village IS NOT NULL"}
-- rule base.p: {rule: row, holds: "hiv"}
-- model base.p
SELECT village, name, hiv FROM raw.health__patient
-- model fusion.answer
SELECT village, mask_pseudonym(name, 'study', 'university') AS p FROM base.p

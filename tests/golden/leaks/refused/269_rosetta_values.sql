-- Pseudonyms of known values are the key to all the others.
-- refused by: mask_constant, release_ceiling
-- differs: no (the table is made of constants; joined with a real extract it names everybody in it)
-- release: {channel: extract, kind: records, sensitive: [code]}
-- model fusion.answer
SELECT id, mask_pseudonym(id, 'study', 'university') AS code FROM (VALUES ('110101198005170013')) AS t(id)

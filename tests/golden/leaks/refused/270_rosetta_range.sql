-- The same for every telephone number of an exchange.
-- refused by: mask_constant, release_ceiling
-- differs: no (the table is made of constants; joined with a real extract it names everybody in it)
-- release: {channel: extract, kind: records, sensitive: [code]}
-- model fusion.answer
SELECT n, mask_pseudonym('1390000' || n, 'study', 'university') AS code
FROM (SELECT CAST(unnest(range(1000, 1010)) AS VARCHAR) AS n) AS t

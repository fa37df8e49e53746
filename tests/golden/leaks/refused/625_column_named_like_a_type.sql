-- The first digit of phones: a column called text, before brackets, is taken for a type by a parser.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
SELECT text[1] AS x FROM (SELECT phone AS text FROM raw.health__patient) AS t

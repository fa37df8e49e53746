-- `interval + 1` is a sum where a column has that name, and no span of time.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
SELECT interval + 1 AS x FROM (SELECT age AS interval FROM raw.health__patient) AS t

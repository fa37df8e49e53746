-- A diagnosis out of a struct that is called json.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
SELECT village, json['a'] AS x FROM (SELECT village, {'a': diagnosis} AS json FROM raw.health__patient) AS t

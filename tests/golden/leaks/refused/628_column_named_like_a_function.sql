-- A column may be called as a function without parentheses is; the engine takes the column.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
SELECT upper(current_catalog) AS x FROM (SELECT name AS current_catalog FROM raw.health__patient) AS t

-- A public text is read at the place that a secret says, two models away from it.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
-- model base.texts
SELECT school AS text FROM raw.city__school
-- model open.answer
SELECT text[age] AS x FROM base.texts CROSS JOIN (SELECT max(age) - 66 AS age FROM raw.health__patient) AS p

-- Schools near those that have a diagnosis: the condition stands in brackets behind a type's name.
-- refused by: lineage_unresolved
-- release: {kind: records, quasi_identifiers: []}
SELECT s.school FROM raw.city__school AS s
WHERE EXISTS (SELECT 1 FROM (SELECT village, [diagnosis] AS string FROM raw.health__patient) AS p WHERE p.village = s.village AND string[1] = 'B24')

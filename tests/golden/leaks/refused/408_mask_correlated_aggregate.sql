-- The same by a correlated subquery.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round((SELECT max(x * 10) FROM (SELECT (p.diagnosis = 'B24')::BIGINT AS x)), 10) AS a FROM raw.health__patient p

-- The same through a CTE.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
WITH m AS (SELECT village, max(cost) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS c FROM raw.health__patient) SELECT village, mask_round(c * 1000, 10) AS a FROM m

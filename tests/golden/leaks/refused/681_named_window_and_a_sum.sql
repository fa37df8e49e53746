-- The same for a sum.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
WITH d AS (SELECT i, row_number() OVER w AS rn FROM range(1000) AS r(i) WINDOW w AS (PARTITION BY i))
SELECT p.village, mask_round(sum(p.cost), 100) AS s FROM raw.health__patient p JOIN d ON d.rn = 1 GROUP BY p.village

-- Groups by a series: each maximum stands there a thousand times.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
SELECT village, mask_round(sum(c), 100) AS s FROM (SELECT p.village, p.sex, r.i, max(p.cost) AS c FROM raw.health__patient p, range(1000) AS r(i) GROUP BY p.village, p.sex, r.i) GROUP BY village

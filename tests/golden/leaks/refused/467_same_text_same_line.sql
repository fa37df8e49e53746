-- Two aggregates masked by the same words on the same line: bands shifted by fifty.
-- refused by: masks_combine, release_ceiling
-- release: {kind: statistics, count: n}
WITH a AS (SELECT village, count(*) AS n, mask_amount(c, 100) AS x FROM (SELECT village, sum(cost) AS c FROM raw.health__patient GROUP BY village) GROUP BY ALL), b AS (SELECT village, mask_amount(c, 100) AS y FROM (SELECT village, sum(cost) + 50 AS c FROM raw.health__patient GROUP BY village)) SELECT a.village, a.n, x, y FROM a JOIN b ON a.village = b.village

-- Ten harmless names in a row.
-- refused by: release_ceiling
WITH a AS (SELECT village, phone AS x FROM raw.health__patient),
b AS (SELECT village AS x, x AS village FROM a),
c AS (SELECT * FROM b),
d AS (SELECT village AS v FROM c),
e AS (SELECT v AS x FROM d)
SELECT x AS village FROM e

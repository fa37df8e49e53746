-- A sum of scaled values: exact to a hundred thousandth.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(sum(cost * 1000000), 10) AS fee FROM raw.health__patient GROUP BY village

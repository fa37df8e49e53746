-- A rounded sum per inhabitant, who are looked up.
-- release: {kind: statistics, count: n}
SELECT v.village, g.n, mask_round(g.c, 100) AS c, g.n * 1000 // v.population AS rate FROM raw.city__village v JOIN (SELECT village, count(*) AS n, sum(cost) AS c FROM raw.health__patient GROUP BY village) g ON g.village = v.village

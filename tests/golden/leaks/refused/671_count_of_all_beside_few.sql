-- All patients are counted, those with a diagnosis averaged.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village), d AS (SELECT village, avg(cost) AS m FROM raw.health__patient WHERE hiv GROUP BY village)
SELECT c.village, c.n, mask_round(d.m, 100) AS c FROM c JOIN d ON d.village = c.village

-- Villages look up a count and the average beside it.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT v.village, c.n, c.m FROM raw.city__village v JOIN (SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS m FROM raw.health__patient WHERE hiv GROUP BY village) c ON c.village = v.village

-- Schools are counted among the patients, without a cost.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT village, count(*) AS n, mask_round(avg(cost), 100) AS c FROM (SELECT village, cost FROM raw.health__patient WHERE hiv UNION ALL SELECT village, TRY_CAST(school AS DOUBLE) FROM raw.city__school) GROUP BY village

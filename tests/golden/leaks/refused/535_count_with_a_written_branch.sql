-- Below the groups the persons, each with a written count.
-- refused by: release_count
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(avg(cost), 10) AS c FROM raw.health__patient GROUP BY village UNION ALL SELECT village, 5, mask_round(cost, 10) FROM raw.health__patient

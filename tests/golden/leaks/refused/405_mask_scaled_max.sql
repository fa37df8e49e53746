-- The maximum is a person's value, scaled after aggregating.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(max(cost) * 1000000, 10) AS fee FROM raw.health__patient GROUP BY village

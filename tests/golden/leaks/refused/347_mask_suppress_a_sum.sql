-- mask_suppress over a sum: the sum of a small group is a person's value.
-- refused by: release_ceiling, mask_argument
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_suppress(CAST(sum(cost) AS BIGINT), 3) AS total FROM raw.health__patient GROUP BY village

-- The same, small ones left out.
-- release: {kind: statistics, count: n}
WITH c AS (SELECT village, sex, count(*) AS k FROM raw.health__patient GROUP BY ALL) SELECT village, mask_suppress(sum(c.k)::BIGINT, 3) AS n FROM c GROUP BY village

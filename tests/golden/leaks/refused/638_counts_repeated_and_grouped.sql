-- Counts that a join repeats, each a group of its own, are added up.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH c AS (SELECT village, count(*) AS k FROM raw.health__patient WHERE hiv GROUP BY village), g AS (SELECT c.village, c.k, d.district FROM c CROSS JOIN (SELECT DISTINCT district FROM raw.city__village) AS d GROUP BY ALL) SELECT village, sum(k)::BIGINT AS n FROM g GROUP BY village

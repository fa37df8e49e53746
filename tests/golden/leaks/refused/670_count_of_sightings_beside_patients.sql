-- Sightings are counted, patients averaged: groups of two tables side by side.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
WITH c AS (SELECT village, count(*) AS n FROM raw.police__sighting GROUP BY village), d AS (SELECT village, mask_round(avg(cost), 100) AS m FROM raw.health__patient WHERE sex = 'f' GROUP BY village)
SELECT c.village, c.n, d.m FROM c LEFT JOIN d USING (village)

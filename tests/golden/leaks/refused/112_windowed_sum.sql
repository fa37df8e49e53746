-- Differences of a running sum are the values.
-- refused by: release_ceiling
SELECT village, sum(cost) OVER (ORDER BY village ROWS UNBOUNDED PRECEDING) AS x FROM raw.health__patient

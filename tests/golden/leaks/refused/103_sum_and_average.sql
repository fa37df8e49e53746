-- Aggregation alone lowers nothing: a village may have one patient.
-- refused by: release_ceiling
SELECT village, sum(cost) AS a, avg(cost) AS b FROM raw.health__patient GROUP BY village

-- A rollup beside a plain key.
-- refused by: release_indirect
SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village, ROLLUP (diagnosis)

-- The FILTER of an aggregate.
-- refused by: release_indirect
SELECT village, count(*) FILTER (WHERE diagnosis = 'B24') AS n FROM raw.health__patient GROUP BY village

-- How many of a village have it; ask often enough and it is one person.
-- refused by: release_indirect
SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village

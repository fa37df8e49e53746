-- How many rows there are is the answer.
-- refused by: release_indirect
SELECT village FROM raw.city__village ORDER BY village
LIMIT (SELECT count(*) FROM raw.health__patient WHERE hiv)

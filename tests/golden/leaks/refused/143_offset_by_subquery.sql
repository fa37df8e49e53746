-- Where the rows begin is the answer.
-- refused by: release_indirect
SELECT village FROM raw.city__village ORDER BY village
LIMIT 1 OFFSET (SELECT count(*) FROM raw.health__patient WHERE cost > 2000)

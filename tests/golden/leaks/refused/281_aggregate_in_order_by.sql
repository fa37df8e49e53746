-- Groups in the order of a sensitive sum, the first one only.
-- refused by: release_indirect
SELECT village FROM raw.health__patient GROUP BY village ORDER BY sum(cost) DESC LIMIT 1

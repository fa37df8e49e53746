-- ORDER BY behind brackets sees the columns inside them.
-- refused by: release_indirect
SELECT village FROM ((SELECT village FROM raw.health__patient) ORDER BY cost DESC LIMIT 3)

-- The same register, its public column row by row.
-- refused by: release_indirect, release_ceiling
SELECT village FROM raw.health__register

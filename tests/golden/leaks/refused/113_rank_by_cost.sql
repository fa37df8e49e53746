-- A rank is public, its order is not.
-- refused by: release_indirect
SELECT village, rank() OVER (ORDER BY cost) AS place FROM raw.health__patient

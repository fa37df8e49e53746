-- A register whose rows are the secret, though each of its columns is public.
-- refused by: release_indirect, release_ceiling
SELECT village, count(*) AS n FROM raw.health__register GROUP BY village

-- All values of a village in one list.
-- refused by: release_ceiling
SELECT village, list(phone) AS x FROM raw.health__patient GROUP BY village

-- All values of a village in one text.
-- refused by: release_ceiling
SELECT village, string_agg(name, ',' ORDER BY name) AS x FROM raw.health__patient GROUP BY village

-- Unnested in the SELECT list.
-- refused by: release_ceiling
SELECT unnest([village, phone]) AS x FROM raw.health__patient

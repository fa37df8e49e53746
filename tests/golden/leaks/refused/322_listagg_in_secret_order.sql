-- Public values in a secret order.
-- refused by: release_indirect, release_ceiling
SELECT string_agg(village, ',' ORDER BY cost) AS x FROM raw.health__patient

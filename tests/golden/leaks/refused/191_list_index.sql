-- A public list, a secret index.
-- refused by: release_ceiling, release_indirect
SELECT ['a', 'b'][hiv::INTEGER + 1] AS x FROM raw.health__patient

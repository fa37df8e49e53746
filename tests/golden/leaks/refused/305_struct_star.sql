-- The fields of a struct as columns.
-- refused by: release_ceiling, lineage_unresolved
SELECT s.* FROM (SELECT {'place': village, 'contact': phone} AS s FROM raw.health__patient) AS t

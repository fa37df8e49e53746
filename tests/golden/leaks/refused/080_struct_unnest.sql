-- Unnesting a struct makes columns that no one wrote.
-- refused by: release_ceiling, lineage_unresolved
SELECT unnest(s) FROM (SELECT {'place': village, 'contact': phone} AS s FROM raw.health__patient) AS t

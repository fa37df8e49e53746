-- A lambda closes over the row.
-- refused by: release_ceiling, lineage_unresolved
SELECT list_transform([village], lambda x: x || phone) AS x FROM raw.health__patient

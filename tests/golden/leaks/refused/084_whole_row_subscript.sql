-- The whole row as a dictionary.
-- refused by: release_ceiling, lineage_unresolved
SELECT p['diagnosis'] AS x FROM raw.health__patient AS p

-- The whole row as JSON.
-- refused by: release_ceiling, lineage_unresolved
SELECT p.village, to_json(p)->>'$.phone' AS x FROM raw.health__patient AS p

-- A row of VALUES made of the outer row.
-- refused by: release_ceiling, lineage_unresolved
SELECT t.x FROM raw.health__patient AS p, LATERAL (VALUES (p.phone)) AS t(x)

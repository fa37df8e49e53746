-- VALUES with a subquery in it.
-- refused by: release_ceiling, lineage_unresolved
SELECT t.x FROM (VALUES ((SELECT max(p.notes) FROM raw.health__patient AS p)), ('none')) AS t(x)

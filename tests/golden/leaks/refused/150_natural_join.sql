-- The keys of a NATURAL JOIN are not written.
-- refused by: release_indirect, release_ceiling, lineage_unresolved
SELECT office FROM raw.city__official NATURAL JOIN (SELECT name FROM raw.health__patient) AS p

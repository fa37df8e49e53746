-- A filter by IN.
-- refused by: release_indirect, release_ceiling
SELECT name, office FROM raw.city__official WHERE name IN (SELECT name FROM raw.health__patient)

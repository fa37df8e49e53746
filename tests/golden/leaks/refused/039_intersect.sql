-- The officials who are patients.
-- refused by: release_indirect, release_ceiling
SELECT name FROM raw.city__official
INTERSECT
SELECT name FROM raw.health__patient

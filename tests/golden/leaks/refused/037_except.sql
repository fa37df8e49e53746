-- The officials that are left are not patients.
-- refused by: release_indirect, release_ceiling
SELECT name FROM raw.city__official
EXCEPT
SELECT name FROM raw.health__patient

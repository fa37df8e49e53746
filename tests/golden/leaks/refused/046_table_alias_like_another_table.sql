-- Patients under the alias of the schools.
-- refused by: release_ceiling
SELECT city__school.name AS school FROM raw.health__patient AS city__school

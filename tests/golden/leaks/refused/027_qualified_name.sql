-- Database, table and column.
-- refused by: release_ceiling
SELECT raw.health__patient.village, raw.health__patient.phone AS n FROM raw.health__patient

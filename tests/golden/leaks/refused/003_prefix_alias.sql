-- DuckDB's prefix alias (`name: value`) in place of AS.
-- refused by: release_ceiling
SELECT village, note: national_id FROM raw.health__patient
